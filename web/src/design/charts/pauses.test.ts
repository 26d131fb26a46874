import { describe, expect, it } from "vitest";
import { isolated, longestPause } from "./pauses";

describe("a line over time", () => {
  it("is interrupted by what is longer than three usual steps", () => {
    expect(longestPause([0, 60, 120, 180, 3600])).toBe(180);
    expect(longestPause([5])).toBe(Infinity);
  });

  it("shows points that stand alone, which a line would hide", () => {
    expect(isolated([0, 60, 120, 3600], [1, 2, 3, 4])).toEqual([3]);
    expect(isolated([0, 60, 120], [1, null, 3])).toEqual([]);
    expect(isolated([7], [1])).toEqual([0]);
  });
});
