/* Polygons as flat x, y pairs in image coordinates: their corners found, moved, added, taken away. Pure. */
import type { Point, Rect, Size } from "./geometry";

export type Flat = readonly number[];

export function around(polygon: Flat): Rect {
  const xs = polygon.filter((_, i) => i % 2 === 0);
  const ys = polygon.filter((_, i) => i % 2 === 1);
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

/** The number of the corner under a point, or null. */
export function cornerAt(polygon: Flat, point: Point, near: number): number | null {
  for (let i = 0; i + 1 < polygon.length; i += 2) {
    if (Math.abs(polygon[i] - point.x) <= near && Math.abs(polygon[i + 1] - point.y) <= near) return i / 2;
  }
  return null;
}

/** The number that a new corner would get on the edge under a point, or null. */
export function edgeAt(polygon: Flat, point: Point, near: number): number | null {
  const n = polygon.length / 2;
  for (let i = 0; i < n; i += 1) {
    const j = (i + 1) % n;
    const a = { x: polygon[2 * i], y: polygon[2 * i + 1] };
    const b = { x: polygon[2 * j], y: polygon[2 * j + 1] };
    const long = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
    if (long === 0) continue;
    const along = Math.min(1, Math.max(0, ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / long));
    const gap = Math.hypot(a.x + along * (b.x - a.x) - point.x, a.y + along * (b.y - a.y) - point.y);
    if (gap <= near) return i + 1;
  }
  return null;
}

export function withCorner(polygon: Flat, corner: number, point: Point, image: Size): number[] {
  const { x, y } = inside(point, image);
  return polygon.map((value, i) => (i === 2 * corner ? x : i === 2 * corner + 1 ? y : value));
}

export function withNewCorner(polygon: Flat, corner: number, point: Point, image: Size): number[] {
  const { x, y } = inside(point, image);
  return [...polygon.slice(0, 2 * corner), x, y, ...polygon.slice(2 * corner)];
}

/** Without one corner; a triangle keeps all three. */
export function withoutCorner(polygon: Flat, corner: number): Flat {
  return polygon.length <= 6 ? polygon : polygon.filter((_, i) => Math.floor(i / 2) !== corner);
}

/** Whether a path can be closed: three corners that span something. */
export function closes(path: Flat): boolean {
  if (path.length < 6) return false;
  const { x1, y1, x2, y2 } = around(path);
  return x2 - x1 > 0 && y2 - y1 > 0;
}

export function inside(point: Point, image: Size): Point {
  return { x: Math.min(Math.max(point.x, 0), image.width), y: Math.min(Math.max(point.y, 0), image.height) };
}
