import { describe, expect, it } from "vitest";
import { curveEnd } from "./curveLines";
import { ago, bytes, count, duration, milliseconds, percent, plural, short, utc, words } from "./format";

describe("a training curve", () => {
  const epoch = (epochs: number | null) => ({ epoch: 1, epochs, loss: 1, metrics: {}, eta_s: null });
  it("spans what is guessed last while it grows, and what came of it afterwards", () => {
    const epochs = [epoch(13), epoch(5), epoch(4)];
    expect(curveEnd(epochs, false)).toBe(4);
    expect(curveEnd(epochs, true)).toBe(3);
    expect(curveEnd([...epochs, epoch(4), epoch(4)], false)).toBe(5);
    expect(curveEnd([epoch(null)], false)).toBe(1);
  });
});

describe("numbers", () => {
  it("stay unknown when they are unknown", () => {
    expect([count(null), percent(undefined), milliseconds(null), duration(null)]).toEqual(["–", "–", "–", "–"]);
  });
  it("read as a person reads them", () => {
    expect(short(1234)).toBe("1.2k");
    expect(short(5_600_000)).toBe("5.6M");
    expect([short(1000), short(2_000_000), short(999_900)]).toEqual(["1k", "2M", "1M"]);
    expect(bytes(4_812_331)).toBe("4.8 MB");
    expect(milliseconds(7.04)).toBe("7.0 ms");
    expect(milliseconds(1530)).toBe("1.53 s");
    expect([duration(10_800), duration(12_600)]).toEqual(["3 h", "3.5 h"]);
    expect(plural(1, "image")).toBe("1 image");
    expect(words("continuous_training")).toBe("Continuous training");
  });
});

describe("times", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  const before = (seconds: number) => ago(new Date(now.getTime() - seconds * 1000), now);
  it("are told by how long ago they were", () => {
    expect([before(2), before(40), before(600), before(7200), before(86_400), before(3 * 86_400)]).toEqual([
      "just now",
      "40 s ago",
      "10 min ago",
      "2 h ago",
      "1 day ago",
      "3 days ago",
    ]);
  });
  it("stand in UTC on hover", () => {
    expect(utc(now)).toBe("2026-03-01 12:00:00 UTC");
  });
});
