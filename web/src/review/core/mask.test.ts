import { expect, it } from "vitest";
import { pixelsOf } from "./mask";

it("reads runs column by column, cut out at a box", () => {
  // 3 high, 4 wide: the second column whole, and the top of the third.
  const rle = { size: [3, 4], counts: [3, 4, 5] } as const;
  expect([...pixelsOf(rle, { x1: 0, y1: 0, x2: 4, y2: 3 }).set]).toEqual([0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
  expect(pixelsOf(rle, { x1: 1, y1: 0, x2: 3, y2: 2 })).toEqual({ width: 2, height: 2, set: new Uint8Array([1, 1, 1, 0]) });
});
