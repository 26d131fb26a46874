import { expect, it } from "vitest";
import type { Detection, Differing } from "../api/types";
import { answers, chosen, differs } from "./replayed";

const found = (label: string, at: number, answered = true): Detection => ({
  label,
  confidence: 0.9,
  box: [at, 0, at + 9, 9],
  polygon: null,
  answered,
});
const item = (part: Partial<Differing>): Differing => ({
  prediction: "p",
  asset: "a",
  amount: 1,
  gone: [],
  new: [],
  relabelled: [],
  ...part,
});

it("puts the other version's answer together from what was answered and what differs", () => {
  const logged = { detections: [found("bolt", 0), found("nut", 20), found("washer", 40), found("bolt", 60, false)] };
  const { before, after } = answers(
    item({ gone: [found("nut", 20)], new: [found("nut", 80)], relabelled: [{ before: found("washer", 40), after: found("nut", 40) }] }),
    logged,
  );
  expect(before.map((one) => [one.label, one.box?.[0], one.differs])).toEqual([
    ["bolt", 0, false],
    ["nut", 20, true],
    ["washer", 40, true],
  ]);
  expect(after.map((one) => [one.label, one.box?.[0], one.differs])).toEqual([
    ["bolt", 0, undefined],
    ["nut", 80, true],
    ["nut", 40, true],
  ]);
});

it("a classification has one answer", () => {
  const whole = (label: string): Detection => ({ label, confidence: 0.7, box: null, polygon: null, answered: true });
  const logged = { detections: [whole("glass"), whole("metal")] };
  const { after } = answers(item({ relabelled: [{ before: whole("glass"), after: whole("paper") }] }), logged);
  expect(after.map((one) => one.label)).toEqual(["paper"]);
});

it("names what differs, and keeps only the kind that is asked for", () => {
  const both = item({ gone: [found("a", 0), found("a", 9)], relabelled: [{ before: found("a", 0), after: found("b", 0) }] });
  expect(differs(both)).toBe("2 gone, a → b");
  expect(chosen([both, item({ new: [found("c", 0)] })], "new")).toHaveLength(1);
});
