import { expect, it } from "vitest";
import { lacking, overlap } from "./compare";

const box = (label: string, x1: number, y1: number, x2: number, y2: number) => ({ label, x1, y1, x2, y2 });

it("overlap is the share of the area both cover", () => {
  expect(overlap(box("a", 0, 0, 10, 10), box("a", 0, 0, 10, 10))).toBe(1);
  expect(overlap(box("a", 0, 0, 10, 10), box("a", 5, 0, 15, 10))).toBeCloseTo(1 / 3);
  expect(overlap(box("a", 0, 0, 10, 10), box("a", 10, 0, 20, 10))).toBe(0);
});

it("another label in the same place is no counterpart, and one thing stands for one", () => {
  const twice = [box("a", 0, 0, 10, 10), box("a", 0, 0, 10, 11)];
  expect(lacking(twice, [box("a", 0, 0, 10, 10)])).toEqual([twice[1]]);
  expect(lacking(twice, [box("b", 0, 0, 10, 10)])).toEqual(twice);
  expect(lacking([], twice)).toEqual([]);
});
