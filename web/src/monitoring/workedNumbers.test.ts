import { describe, expect, it } from "vitest";
import { largestGap, overlap, precisionRecall, quantile, variation } from "./workedNumbers";

describe("the small examples", () => {
  it("find the middle and the slow end of times", () => {
    const times = [8, 9, 9, 10, 10, 11, 12, 13, 15, 40];
    expect([quantile(times, 0.5), quantile(times, 0.95)]).toEqual([10, 40]);
  });

  it("find the largest gap of two distributions: none between equals, all between strangers", () => {
    expect(largestGap([1, 2, 3], [1, 2, 3]).d).toBe(0);
    expect(largestGap([1, 2], [3, 4])).toEqual({ d: 1, at: 2 });
  });

  it("overlap as boxes do", () => {
    expect(overlap([0, 0, 2, 2], [0, 0, 2, 2])).toBe(1);
    expect(overlap([0, 0, 2, 2], [1, 0, 3, 2])).toBeCloseTo(1 / 3);
    expect(overlap([0, 0, 1, 1], [2, 2, 3, 3])).toBe(0);
  });

  it("walk down the answers, the surest first", () => {
    const said = [
      { confidence: 0.6, right: false },
      { confidence: 0.9, right: true },
      { confidence: 0.5, right: true },
    ];
    expect(precisionRecall(said, 4).map(({ recall, precision }) => [recall, precision])).toEqual([
      [0.25, 1],
      [0.25, 0.5],
      [0.5, 2 / 3],
    ]);
  });

  it("tell distributions apart", () => {
    expect(variation([1, 1], [2, 2])).toBe(0);
    expect(variation([4, 0], [0, 9])).toBe(1);
  });
});
