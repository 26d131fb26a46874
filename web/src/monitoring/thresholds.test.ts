import { describe, expect, it } from "vitest";
import type { Thresholds } from "../api/types";
import { placeOf, rateText, replaySentence, runs, yesterday } from "./thresholds";

describe("thresholds", () => {
  it("a threshold between two that were simulated is read at the nearer one", () => {
    expect(placeOf([0.1, 0.2, 0.3], 0.24)).toBe(1);
    expect(placeOf([0.1, 0.2, 0.3], 0.26)).toBe(2);
    expect(placeOf([0.1, 0.2, 0.3], 1)).toBe(2);
  });

  it("what is not known is a gap in the line, not zero", () => {
    expect(runs([null, 1, 0.5, null, 0])).toEqual([
      [
        [1, 1],
        [2, 0.5],
      ],
      [[4, 0]],
    ]);
  });

  it("yesterday ends where today begins, also over the turn of a year", () => {
    const { from, to } = yesterday(new Date(2026, 0, 1, 15, 30));
    expect(new Date(from)).toEqual(new Date(2025, 11, 31));
    expect(new Date(to)).toEqual(new Date(2026, 0, 1));
  });

  it("what another threshold would not change is said once", () => {
    const replay = { answers: [2, 1], silent: [0, 0] };
    const found = { thresholds: [0.3, 0.6], threshold: 0.3, label: null, replay } as unknown as Thresholds;
    expect(replaySentence(found, 0.6, false)).toBe("1.0 instead of 2.0 detections each, 0 % with none");
    expect(replaySentence(found, 0.3, false)).toBe("2.0 detections each, 0 % with none");
    expect(replaySentence(found, 0.6, true)).toBe("unsure of 0 %");
  });

  it("a rate without an interval shows none", () => {
    expect(rateText({ value: 0.625, lower: null, upper: null })).toBe("63 %");
    expect(rateText({ value: 0.625, lower: 0.5, upper: 0.7 })).toBe("63 % (50 to 70)");
    expect(rateText({ value: null, lower: null, upper: null })).toBe("–");
  });
});
