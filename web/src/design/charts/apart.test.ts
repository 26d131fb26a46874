import { expect, test } from "vitest";
import { apart } from "./apart";

test("ends that lie near each other are written one below the other, in their order", () => {
  expect(apart([19, 8])).toEqual([21, 8]);
  expect(apart([8, 8, 8])).toEqual([8, 21, 34]);
  expect(apart([40, 8])).toEqual([40, 8]);
});
