import { expect, test } from "vitest";
import type { Compared, GateReport } from "../api/types";
import { summary } from "./summary";

const part = (name: string, state: Compared["state"], kind: Compared["kind"] = "label"): Compared => ({
  kind,
  name,
  metric: "f1",
  champion: 0.8,
  candidate: 0.7,
  difference: -0.1,
  lower: -0.15,
  upper: -0.05,
  count: 40,
  state,
  critical: false,
});

const report = (...parts: Compared[]): GateReport => ({
  labels: parts.filter((one) => one.kind === "label"),
  sources: parts.filter((one) => one.kind === "source"),
  new_labels: [],
  threshold: null,
  speed: null,
  sizes: null,
  images: { by: "f1", thresholds: null, fixes: 12, breaks: 1, fixed: [], broken: [] },
});

test("names what got worse, and counts what nobody could judge", () => {
  const said = summary(report(part("scratch", "worse"), part("night", "worse", "source"), part("dent", "not assessed")));
  expect(said).toBe("Fixes 12 test images and breaks 1; worse on scratch, night; 1 label not assessed, for lack of test objects.");
});

test("says that nothing is clearly worse", () => {
  expect(summary(report(part("scratch", "better")))).toBe("Fixes 12 test images and breaks 1; no label or source is clearly worse.");
});
