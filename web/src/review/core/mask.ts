/* Run-length masks as pixels. Pure. */
import type { Rect } from "./geometry";
import type { Rle } from "./scene";

/** One byte for each pixel of `rect` (whole pixels), row by row: 1 where the mask is set. */
export function pixelsOf({ size, counts }: Rle, rect: Rect): { width: number; height: number; set: Uint8Array } {
  const [tall] = size;
  const [x1, y1] = [Math.floor(rect.x1), Math.floor(rect.y1)];
  const width = Math.max(1, Math.ceil(rect.x2) - x1);
  const height = Math.max(1, Math.ceil(rect.y2) - y1);
  const set = new Uint8Array(width * height);
  let place = 0;
  counts.forEach((run, i) => {
    const end = place + run;
    if (i % 2 === 1) {
      for (let at = place; at < end; at += 1) {
        const [x, y] = [Math.floor(at / tall) - x1, (at % tall) - y1];
        if (x >= 0 && x < width && y >= 0 && y < height) set[y * width + x] = 1;
      }
    }
    place = end;
  });
  return { width, height, set };
}
