/* Boxes and points in image coordinates; pure. */

export type Point = { x: number; y: number };
export type Rect = { x1: number; y1: number; x2: number; y2: number };
export type Size = { width: number; height: number };

/** The box between two corners, whichever way it was drawn, kept inside the image. */
export function between(a: Point, b: Point, image: Size): Rect {
  const inX = (x: number) => Math.min(Math.max(x, 0), image.width);
  const inY = (y: number) => Math.min(Math.max(y, 0), image.height);
  return { x1: inX(Math.min(a.x, b.x)), y1: inY(Math.min(a.y, b.y)), x2: inX(Math.max(a.x, b.x)), y2: inY(Math.max(a.y, b.y)) };
}

/** The box moved, as far as the image allows; its size stays. */
export function moved(rect: Rect, by: Point, image: Size): Rect {
  const dx = Math.min(Math.max(by.x, -rect.x1), image.width - rect.x2);
  const dy = Math.min(Math.max(by.y, -rect.y1), image.height - rect.y2);
  return { x1: rect.x1 + dx, y1: rect.y1 + dy, x2: rect.x2 + dx, y2: rect.y2 + dy };
}

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];

export function handlePoint(rect: Rect, handle: Handle): Point {
  const x = handle.includes("w") ? rect.x1 : handle.includes("e") ? rect.x2 : (rect.x1 + rect.x2) / 2;
  const y = handle.includes("n") ? rect.y1 : handle.includes("s") ? rect.y2 : (rect.y1 + rect.y2) / 2;
  return { x, y };
}

/** The box with one handle dragged to a point; dragging across the other side turns it over. */
export function resized(rect: Rect, handle: Handle, to: Point, image: Size): Rect {
  const x1 = handle.includes("w") ? to.x : rect.x1;
  const x2 = handle.includes("e") ? to.x : rect.x2;
  const y1 = handle.includes("n") ? to.y : rect.y1;
  const y2 = handle.includes("s") ? to.y : rect.y2;
  return between({ x: x1, y: y1 }, { x: x2, y: y2 }, image);
}

export function contains(rect: Rect, point: Point, slack = 0): boolean {
  return point.x >= rect.x1 - slack && point.x <= rect.x2 + slack && point.y >= rect.y1 - slack && point.y <= rect.y2 + slack;
}

export function area(rect: Rect): number {
  return Math.max(0, rect.x2 - rect.x1) * Math.max(0, rect.y2 - rect.y1);
}
