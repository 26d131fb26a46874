/* What a press on the canvas means, and what dragging on makes of it. Pure: points in, shapes out. */
import { area, between, contains, handlePoint, HANDLES, moved, resized, type Handle, type Point, type Rect, type Size } from "./geometry";
import type { Nudge } from "./keys";
import { cornerAt, edgeAt, withNewCorner } from "./polygon";
import type { Scene, Shape } from "./scene";

export type Gesture =
  | { kind: "draw"; from: Point }
  | { kind: "move"; from: Point; shape: Shape }
  | { kind: "resize"; handle: Handle; shape: Shape }
  | { kind: "corner"; corner: number; polygon: readonly number[]; shape: Shape }
  | { kind: "hold"; shape: Shape }
  | { kind: "pan" };

/** `near`: how far a handle or an edge may be missed, in image pixels. */
export function handleAt(shape: Shape | undefined, point: Point, near: number): Handle | null {
  if (!shape || shape.polygon || shape.fixed) return null;
  const hit = HANDLES.find((handle) => {
    const place = handlePoint(shape, handle);
    return Math.abs(place.x - point.x) <= near && Math.abs(place.y - point.y) <= near;
  });
  return hit ?? null;
}

/** The shape under a point: the selected one first, then the smallest. */
export function shapeAt(scene: Scene, point: Point, near: number): Shape | null {
  const hits = scene.shapes.filter((shape) => contains(shape, point, near));
  return hits.find((shape) => shape.id === scene.selected) ?? [...hits].sort((a, b) => area(a) - area(b))[0] ?? null;
}

export function begin(scene: Scene, point: Point, near: number, drawing: boolean): Gesture {
  const selected = scene.shapes.find((shape) => shape.id === scene.selected);
  const handle = handleAt(selected, point, near);
  if (selected && handle) return { kind: "resize", handle, shape: selected };
  const outline = selected && !drawing ? cornerOf(selected, point, near) : null;
  if (outline) return outline;
  const hit = drawing ? null : shapeAt(scene, point, near / 2);
  if (hit?.fixed) return { kind: "hold", shape: hit };
  return hit ? { kind: "move", from: point, shape: hit } : { kind: "draw", from: point };
}

/** The corner of a polygon under a point; on an edge a new one is made. */
function cornerOf(shape: Shape, point: Point, near: number): Gesture | null {
  const { polygon } = shape;
  if (!polygon) return null;
  const corner = cornerAt(polygon, point, near);
  if (corner !== null) return { kind: "corner", corner, polygon, shape };
  const edge = edgeAt(polygon, point, near / 2);
  const everywhere = { width: Infinity, height: Infinity };
  return edge === null ? null : { kind: "corner", corner: edge, polygon: withNewCorner(polygon, edge, point, everywhere), shape };
}

/** The box as it stands while the pointer is at `point`; null where nothing moves but the view. */
export function boxOf(gesture: Gesture, point: Point, image: Size): Rect | null {
  if (gesture.kind === "draw") return between(gesture.from, point, image);
  if (gesture.kind === "move") return moved(gesture.shape, { x: point.x - gesture.from.x, y: point.y - gesture.from.y }, image);
  if (gesture.kind === "resize") return resized(gesture.shape, gesture.handle, point, image);
  return null;
}

/** Whether a drawn box is meant: a click that shook is not. */
export function isDrawn(rect: Rect, scale: number): boolean {
  return (rect.x2 - rect.x1) * scale >= 4 && (rect.y2 - rect.y1) * scale >= 4;
}

/** A polygon carried along with its box. */
export function carried(polygon: readonly number[], from: Rect, to: Rect): number[] {
  const dx = to.x1 - from.x1;
  const dy = to.y1 - from.y1;
  return polygon.map((value, i) => value + (i % 2 === 0 ? dx : dy));
}

/** A shape after an arrow: moved, or its lower right corner; null where it cannot be. */
export function nudged(shape: Shape, by: Nudge, image: Size): (Rect & Pick<Shape, "polygon">) | null {
  if (shape.fixed) return null;
  const to = { x: Math.max(shape.x2 + by.x, shape.x1 + 1), y: Math.max(shape.y2 + by.y, shape.y1 + 1) };
  const rect = by.size ? between({ x: shape.x1, y: shape.y1 }, to, image) : moved(shape, by, image);
  if (!shape.polygon) return rect;
  return { ...rect, polygon: by.size ? stretched(shape.polygon, shape, rect) : carried(shape.polygon, shape, rect) };
}

/** A polygon that grows with its box. */
function stretched(polygon: readonly number[], from: Rect, to: Rect): number[] {
  const [wide, tall] = [(to.x2 - to.x1) / (from.x2 - from.x1), (to.y2 - to.y1) / (from.y2 - from.y1)];
  return polygon.map((value, i) => (i % 2 === 0 ? to.x1 + (value - from.x1) * wide : to.y1 + (value - from.y1) * tall));
}
