/* Which part of the image the canvas shows. Immutable; screen = image × scale + offset. */
import type { Point, Rect, Size } from "./geometry";

export type Viewport = { readonly scale: number; readonly x: number; readonly y: number };

const CLOSEST = 24;
const MARGIN = 16;

/** The whole image, centred, with a little room around it. */
export function fit(image: Size, canvas: Size): Viewport {
  const scale = Math.max(Math.min((canvas.width - 2 * MARGIN) / image.width, (canvas.height - 2 * MARGIN) / image.height), 0.01);
  return { scale, x: (canvas.width - image.width * scale) / 2, y: (canvas.height - image.height * scale) / 2 };
}

export function toImage(view: Viewport, screen: Point): Point {
  return { x: (screen.x - view.x) / view.scale, y: (screen.y - view.y) / view.scale };
}

export function toScreen(view: Viewport, point: Point): Point {
  return { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
}

/** Closer or farther, with what lies under `at` (screen) staying there; never farther than half of `whole`. */
export function zoomed(view: Viewport, factor: number, at: Point, whole: Viewport): Viewport {
  const scale = Math.min(Math.max(view.scale * factor, whole.scale * 0.5), CLOSEST);
  const held = toImage(view, at);
  return { scale, x: at.x - held.x * scale, y: at.y - held.y * scale };
}

export function panned(view: Viewport, by: Point): Viewport {
  return { ...view, x: view.x + by.x, y: view.y + by.y };
}

/** Near enough that a box fills about a third of the canvas; never farther than the whole image. */
export function focused(rect: Rect, canvas: Size, whole: Viewport): Viewport {
  const side = Math.max(rect.x2 - rect.x1, rect.y2 - rect.y1, 8);
  const scale = Math.min(Math.max((Math.min(canvas.width, canvas.height) * 0.34) / side, whole.scale), whole.scale * 6);
  const centre = { x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 };
  return { scale, x: canvas.width / 2 - centre.x * scale, y: canvas.height / 2 - centre.y * scale };
}
