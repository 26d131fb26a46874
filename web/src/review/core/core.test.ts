import { describe, expect, it } from "vitest";
import { between, moved, resized } from "./geometry";
import { begin, boxOf, carried, isDrawn, nudged, shapeAt } from "./gesture";
import { SceneStore } from "./scene";
import { fit, focused, inSight, middleOf, pinched, toImage, toScreen, zoomed } from "./viewport";

const image = { width: 100, height: 80 };
const box = (x1: number, y1: number, x2: number, y2: number, label = "bolt") => ({ x1, y1, x2, y2, label });

function loaded(...shapes: ReturnType<typeof box>[]): SceneStore {
  const store = new SceneStore();
  store.load(shapes);
  return store;
}

describe("a scene", () => {
  it("is unchanged when everything done to it was undone", () => {
    const store = loaded(box(1, 1, 5, 5));
    const [first] = store.get().shapes;
    store.replace(first.id, { label: "nut" });
    store.add(box(10, 10, 20, 20));
    store.remove(first.id);
    expect(store.changed).toBe(true);
    while (store.canUndo) store.undo();
    expect(store.changed).toBe(false);
    expect(store.get().shapes).toEqual([first]);
  });

  it("gives back by redo what undo took", () => {
    const store = loaded();
    store.add(box(1, 1, 5, 5));
    const after = store.get();
    store.undo();
    store.redo();
    expect(store.get()).toBe(after);
  });

  it("forgets the future when something new is done", () => {
    const store = loaded();
    store.add(box(1, 1, 5, 5));
    store.undo();
    store.add(box(2, 2, 6, 6));
    store.redo();
    expect(store.get().shapes).toHaveLength(1);
  });

  it("does not call a selection a change", () => {
    const store = loaded(box(1, 1, 5, 5));
    store.select(store.get().shapes[0].id);
    expect(store.changed).toBe(false);
    expect(store.canUndo).toBe(false);
  });

  it("walks its shapes in reading order and lets go after the last, so that Tab is no trap", () => {
    const store = loaded(box(50, 50, 60, 60), box(1, 1, 5, 5), box(30, 1, 35, 5));
    const seen = [1, 2, 3, 4, 5].map(() => store.selectNext()?.x1);
    expect(seen).toEqual([1, 30, 50, undefined, 1]);
    expect(store.selectNext(-1)).toBeNull();
    expect(store.selectNext(-1)?.x1).toBe(50);
    expect(loaded().selectNext()).toBeNull();
  });

  it("takes the steps of one move back together", () => {
    const store = loaded(box(1, 1, 5, 5));
    const [{ id }] = store.get().shapes;
    for (const x of [2, 3, 4]) store.replace(id, { x1: x, x2: x + 4 }, true);
    store.undo();
    expect(store.find(id)?.x1).toBe(1);
    expect(store.canUndo).toBe(false);
  });

  it("selects a neighbour when the selected shape is removed", () => {
    const store = loaded(box(1, 1, 5, 5), box(10, 1, 15, 5));
    const [first, second] = store.get().shapes;
    store.select(first.id);
    store.remove(first.id);
    expect(store.get().selected).toBe(second.id);
  });

  it("tells its listeners until they leave", () => {
    const store = loaded();
    let told = 0;
    const leave = store.subscribe(() => (told += 1));
    store.add(box(1, 1, 5, 5));
    leave();
    store.add(box(1, 1, 5, 5));
    expect(told).toBe(1);
  });
});

describe("a gesture", () => {
  it("draws where nothing is, moves what is there, resizes the selected one by its handle", () => {
    const store = loaded(box(10, 10, 30, 30));
    expect(begin(store.get(), { x: 60, y: 60 }, 3, false).kind).toBe("draw");
    expect(begin(store.get(), { x: 20, y: 20 }, 3, false).kind).toBe("move");
    store.select(store.get().shapes[0].id);
    expect(begin(store.get(), { x: 30, y: 30 }, 3, false)).toMatchObject({ kind: "resize", handle: "se" });
    expect(begin(store.get(), { x: 20, y: 20 }, 3, true).kind).toBe("draw");
  });

  it("never leaves the image", () => {
    const store = loaded(box(10, 10, 30, 30));
    const gesture = begin(store.get(), { x: 20, y: 20 }, 3, false);
    expect(boxOf(gesture, { x: 900, y: -900 }, image)).toEqual({ x1: 80, y1: 0, x2: 100, y2: 20 });
    expect(between({ x: -5, y: 200 }, { x: 40, y: 10 }, image)).toEqual({ x1: 0, y1: 10, x2: 40, y2: 80 });
  });

  it("turns a box over when a handle crosses the other side", () => {
    expect(resized(box(10, 10, 30, 30), "w", { x: 50, y: 0 }, image)).toEqual({ x1: 30, y1: 10, x2: 50, y2: 30 });
  });

  it("prefers the smaller of two shapes, and the selected one before it", () => {
    const store = loaded(box(0, 0, 60, 60), box(10, 10, 30, 30));
    const [large, small] = store.get().shapes;
    expect(shapeAt(store.get(), { x: 20, y: 20 }, 0)?.id).toBe(small.id);
    store.select(large.id);
    expect(shapeAt(store.get(), { x: 20, y: 20 }, 0)?.id).toBe(large.id);
  });

  it("takes a trembling click for a click", () => {
    expect(isDrawn(box(1, 1, 2, 2), 2)).toBe(false);
    expect(isDrawn(box(1, 1, 4, 4), 2)).toBe(true);
  });

  it("moves a shape by an arrow and sizes it by its lower right corner, not a mask", () => {
    const right = { x: 4, y: 0, size: false };
    const larger = { x: 10, y: 5, size: true };
    const square = { ...box(0, 0, 10, 10), id: 1, polygon: [0, 0, 10, 0, 10, 10] };
    expect(nudged({ ...box(95, 0, 99, 10), id: 1 }, right, image)).toMatchObject({ x1: 96, x2: 100 });
    expect(nudged(square, right, image)?.polygon).toEqual([4, 0, 14, 0, 14, 10]);
    expect(nudged(square, larger, image)).toMatchObject({ x2: 20, y2: 15, polygon: [0, 0, 20, 0, 20, 15] });
    expect(nudged({ ...box(0, 0, 4, 4), id: 1, fixed: { rle: { size: [80, 100], counts: [8000] } } }, right, image)).toBeNull();
  });

  it("carries a polygon along with its box", () => {
    const from = box(0, 0, 10, 10);
    expect(carried([0, 0, 10, 0, 10, 10], from, moved(from, { x: 5, y: 2 }, image))).toEqual([5, 2, 15, 2, 15, 12]);
  });
});

describe("a viewport", () => {
  const whole = fit(image, { width: 500, height: 400 });

  it("reads back the point it shows", () => {
    const point = { x: 12.5, y: 71 };
    const back = toImage(whole, toScreen(whole, point));
    expect(back.x).toBeCloseTo(point.x);
    expect(back.y).toBeCloseTo(point.y);
  });

  it("keeps what lies under the pointer while zooming", () => {
    const at = { x: 130, y: 222 };
    const closer = zoomed(whole, 3, at, whole);
    expect(toImage(closer, at).x).toBeCloseTo(toImage(whole, at).x);
    expect(toImage(closer, at).y).toBeCloseTo(toImage(whole, at).y);
  });

  it("keeps what lies under two fingers there, while they part and wander", () => {
    const before = [
      { x: 200, y: 150 },
      { x: 260, y: 190 },
    ] as const;
    const after = [
      { x: 150, y: 140 },
      { x: 270, y: 220 },
    ] as const;
    const held = pinched(whole, before, after, whole);
    for (const finger of [0, 1] as const) {
      const [from, to] = [toImage(whole, before[finger]), toImage(held, after[finger])];
      expect(to.x).toBeCloseTo(from.x);
      expect(to.y).toBeCloseTo(from.y);
    }
  });

  it("knows what is in sight, and its middle", () => {
    const canvas = { width: 500, height: 400 };
    const close = zoomed(whole, 4, { x: 250, y: 200 }, whole);
    expect(inSight(close, canvas, box(45, 35, 55, 45))).toBe(true);
    expect(inSight(close, canvas, box(0, 0, 5, 5))).toBe(false);
    expect(middleOf(whole, canvas, image)).toEqual({ x1: 40, y1: 32, x2: 60, y2: 48 });
  });

  it("puts a focused box in the middle, never farther away than the whole image", () => {
    const canvas = { width: 500, height: 400 };
    const near = focused(box(10, 10, 20, 20), canvas, whole);
    expect(toScreen(near, { x: 15, y: 15 })).toEqual({ x: 250, y: 200 });
    expect(focused(box(0, 0, 100, 80), canvas, whole).scale).toBeGreaterThanOrEqual(whole.scale);
  });
});
