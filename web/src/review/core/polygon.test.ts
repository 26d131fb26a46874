import { expect, it } from "vitest";
import { begin } from "./gesture";
import { around, closes, cornerAt, edgeAt, withCorner, withNewCorner, withoutCorner } from "./polygon";
import { SceneStore } from "./scene";

const image = { width: 100, height: 80 };
const square = [10, 10, 30, 10, 30, 30, 10, 30];

it("finds the corner or the edge under a point", () => {
  expect(cornerAt(square, { x: 31, y: 9 }, 2)).toBe(1);
  expect(cornerAt(square, { x: 20, y: 20 }, 2)).toBeNull();
  expect(edgeAt(square, { x: 20, y: 11 }, 2)).toBe(1);
  expect(edgeAt(square, { x: 10, y: 20 }, 2)).toBe(4);
  expect(edgeAt(square, { x: 20, y: 20 }, 2)).toBeNull();
});

it("moves a corner and stays inside the image", () => {
  expect(around(withCorner(square, 2, { x: 400, y: 50 }, image))).toEqual({ x1: 10, y1: 10, x2: 100, y2: 50 });
});

it("takes away the corner it was given, but leaves a triangle", () => {
  const more = withNewCorner(square, 1, { x: 20, y: 5 }, image);
  expect(more).toHaveLength(10);
  expect(withoutCorner(more, 1)).toEqual(square);
  expect(withoutCorner([0, 0, 5, 0, 5, 5], 1)).toHaveLength(6);
});

it("closes only around something", () => {
  expect(closes([0, 0, 5, 0])).toBe(false);
  expect(closes([0, 0, 5, 0, 9, 0])).toBe(false);
  expect(closes([0, 0, 5, 0, 5, 5])).toBe(true);
});

it("is reshaped by its corners once it is selected, and undone", () => {
  const store = new SceneStore();
  store.load([{ ...around(square), polygon: square, label: "bolt" }]);
  const [shape] = store.get().shapes;
  expect(begin(store.get(), { x: 30, y: 30 }, 3, false).kind).toBe("move");
  store.select(shape.id);
  expect(begin(store.get(), { x: 30, y: 30 }, 3, false)).toMatchObject({ kind: "corner", corner: 2 });
  expect(begin(store.get(), { x: 20, y: 10 }, 3, false)).toMatchObject({ kind: "corner", corner: 1 });
  const polygon = withCorner(square, 2, { x: 30, y: 28 }, image);
  store.replace(shape.id, { polygon });
  expect(store.changed).toBe(true);
  store.undo();
  expect(store.changed).toBe(false);
});
