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

/** Two fingers go from `before` to `after`: what lies between them goes along and grows with their distance. */
export function pinched(view: Viewport, before: readonly [Point, Point], after: readonly [Point, Point], whole: Viewport): Viewport {
  const middle = ([a, b]: readonly [Point, Point]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const apart = ([a, b]: readonly [Point, Point]) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const [from, to] = [middle(before), middle(after)];
  return panned(zoomed(view, apart(after) / apart(before), from, whole), { x: to.x - from.x, y: to.y - from.y });
}

export function panned(view: Viewport, by: Point): Viewport {
  return { ...view, x: view.x + by.x, y: view.y + by.y };
}

/** The part of the image that can be seen; its middle, a fifth of its sides. */
export function middleOf(view: Viewport, canvas: Size, image: Size): Rect {
  const from = toImage(view, { x: 0, y: 0 });
  const to = toImage(view, { x: canvas.width, y: canvas.height });
  const [x1, y1] = [Math.max(from.x, 0), Math.max(from.y, 0)];
  const [x2, y2] = [Math.min(to.x, image.width), Math.min(to.y, image.height)];
  const round = (low: number, high: number, share: number) => Math.round(low + (high - low) * share);
  const rect = { x1: round(x1, x2, 0.4), y1: round(y1, y2, 0.4), x2: round(x1, x2, 0.6), y2: round(y1, y2, 0.6) };
  return { ...rect, x2: Math.max(rect.x2, rect.x1 + 1), y2: Math.max(rect.y2, rect.y1 + 1) };
}

/** Whether any of a box can be seen. */
export function inSight(view: Viewport, canvas: Size, rect: Rect): boolean {
  const from = toScreen(view, { x: rect.x1, y: rect.y1 });
  const to = toScreen(view, { x: rect.x2, y: rect.y2 });
  return to.x >= 0 && to.y >= 0 && from.x <= canvas.width && from.y <= canvas.height;
}

/** Near enough that a box fills about a third of the canvas; never farther than the whole image. */
export function focused(rect: Rect, canvas: Size, whole: Viewport): Viewport {
  const side = Math.max(rect.x2 - rect.x1, rect.y2 - rect.y1, 8);
  const scale = Math.min(Math.max((Math.min(canvas.width, canvas.height) * 0.34) / side, whole.scale), whole.scale * 6);
  const centre = { x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 };
  return { scale, x: canvas.width / 2 - centre.x * scale, y: canvas.height / 2 - centre.y * scale };
}
