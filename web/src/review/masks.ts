/* Pictures made once, to be drawn in every frame: masks in their colour, images with another brightness. */
import { pixelsOf } from "./core/mask";
import type { Shape } from "./core/scene";

const made = new WeakMap<object, { colour: string; picture: HTMLCanvasElement }>();

/** The mask of a shape over its box; null where it has none. */
export function maskOf(shape: Shape, colour: string): HTMLCanvasElement | null {
  if (!shape.fixed || !("rle" in shape.fixed)) return null;
  const { rle } = shape.fixed;
  const before = made.get(rle);
  if (before?.colour === colour) return before.picture;
  const { width, height, set } = pixelsOf(rle, shape);
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  const context = picture.getContext("2d");
  if (!context) return null;
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < set.length; i += 1) pixels.data[4 * i + 3] = set[i] * 255;
  context.putImageData(pixels, 0, 0);
  // The colour falls on what is set only.
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  made.set(rle, { colour, picture });
  return picture;
}

/** The whole image through a CSS filter, in its own size. */
export function throughFilter(image: CanvasImageSource, filter: string): CanvasImageSource {
  const { naturalWidth: width, naturalHeight: height } = image as HTMLImageElement;
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  const context = picture.getContext("2d");
  if (!context) return image;
  context.filter = filter;
  context.drawImage(image, 0, 0);
  return picture;
}
