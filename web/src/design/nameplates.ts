/* Where the names of boxes stand on a picture: within it, and none upon another. Pure. */

type Named = { label: string; confidence?: number; box?: readonly [number, number, number, number] | null; answered?: boolean };
export type Plate = { x: number; y: number; width: number; height: number; text: string };

const LETTER = 6.8;
const EDGE = 8;
const TALL = 15;
const LONGEST = 26;
/** Of the shortest cut name a few letters stay. */
const SHORTEST = 6;

/**
 * For each shape its name's place in image pixels, or null where there is none free: the surest are named first. `scale`: image pixels
 * of one pixel on the page.
 */
export function nameplates(shapes: readonly Named[], image: { width: number; height: number }, scale: number): (Plate | null)[] {
  const found: (Plate | null)[] = shapes.map(() => null);
  const placed: Plate[] = [];
  const surest = [...shapes.keys()].sort((a, b) => (shapes[b].confidence ?? 1) - (shapes[a].confidence ?? 1));
  for (const i of surest) {
    const { box, answered } = shapes[i];
    if (!box || answered === false) continue;
    const text = written(shapes[i], image.width / scale);
    const [width, height] = [(text.length * LETTER + EDGE) * scale, TALL * scale];
    const x = Math.max(0, Math.min(box[0], image.width - width));
    // Above the box, in it, or below.
    const free = [box[1] - height, box[1], box[3]]
      .map((y): Plate => ({ x, y, width, height, text }))
      .find((plate) => plate.y >= 0 && plate.y + height <= image.height && !placed.some((other) => meets(plate, other)));
    if (!free) continue;
    placed.push(free);
    found[i] = free;
  }
  return found;
}

/** The name with its confidence, short enough for a picture that is so many pixels wide. */
function written({ label, confidence }: Named, wide: number): string {
  const sure = confidence === undefined ? "" : ` ${Math.round(confidence * 100)}`;
  const room = Math.floor((wide - EDGE) / LETTER) - sure.length;
  const most = Math.max(SHORTEST, Math.min(LONGEST, room));
  return `${label.length > most ? `${label.slice(0, most - 1).trimEnd()}…` : label}${sure}`;
}

function meets(a: Plate, b: Plate): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
