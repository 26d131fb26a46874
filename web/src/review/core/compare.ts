/* Which shapes of one list have no counterpart in another: the same label in the same place. Pure. */
import type { Rect } from "./geometry";

type Placed = Rect & { label: string };

/** Intersection over union from which on two boxes are one thing; the server compares people in the same way. */
const SAME = 0.5;

export function overlap(a: Rect, b: Rect): number {
  const wide = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const high = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (wide <= 0 || high <= 0) return 0;
  const both = wide * high;
  return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both);
}

/** Those of `all` that `others` lack; each of `others` stands for one at most. */
export function lacking<Shape extends Placed>(all: readonly Shape[], others: readonly Placed[]): Shape[] {
  const free = new Set(others);
  return all.filter((shape) => {
    const near = [...free].filter((other) => other.label === shape.label && overlap(shape, other) >= SAME);
    const best = near.sort((a, b) => overlap(shape, b) - overlap(shape, a))[0];
    if (best) free.delete(best);
    return !best;
  });
}
