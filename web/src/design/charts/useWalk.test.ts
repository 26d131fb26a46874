import { describe, expect, it } from "vitest";
import { walked } from "./useWalk";

describe("walking a chart", () => {
  it("begins at the end, where the newest point is, and stops at both ends", () => {
    expect(walked("ArrowLeft", false, { at: null, from: null }, 5)).toEqual({ at: 4, from: null });
    expect(walked("ArrowLeft", false, { at: 0, from: null }, 5)).toEqual({ at: 0, from: null });
    expect(walked("End", false, { at: 1, from: null }, 5)).toEqual({ at: 4, from: null });
  });

  it("chooses a stretch from where Shift was pressed, and forgets it without Shift", () => {
    const two = walked("ArrowLeft", true, { at: 3, from: null }, 5);
    expect(two).toEqual({ at: 2, from: 3 });
    expect(walked("ArrowLeft", true, two!, 5)).toEqual({ at: 1, from: 3 });
    expect(walked("ArrowLeft", false, two!, 5)).toEqual({ at: 1, from: null });
  });

  it("leaves other keys alone", () => {
    expect(walked("a", false, { at: 1, from: null }, 5)).toBeNull();
    expect(walked("Escape", false, { at: null, from: null }, 5)).toBeNull();
  });
});
