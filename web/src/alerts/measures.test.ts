import type { AlertSubject } from "../api/types";
import { expect, it } from "vitest";
import { measures, sentence } from "./measures";

const SUBJECTS: AlertSubject[] = [
  { metric: "latency", field: "p95", title: "latency p95", unit: "ms", bounds: false, slices: ["source"] },
  { metric: "outlier", field: "unusual_share", title: "share of unusual images", unit: "share", bounds: true, slices: ["source", "tag"] },
  {
    metric: "classification_report",
    field: "accuracy",
    title: "accuracy on reviewed images",
    unit: "share",
    bounds: true,
    slices: ["source", "tag"],
  },
];

it("only what applies to the deployment can be watched, the most asked for first", () => {
  const silence: AlertSubject = {
    metric: "silence",
    field: "usual_gaps",
    title: "silence",
    unit: "times",
    bounds: false,
    slices: ["source"],
  };
  expect(measures([silence], new Set(["latency"])).map((one) => one.shown)).toEqual(["times the usual gap"]);
  expect(measures(SUBJECTS, new Set(["latency", "outlier"])).map((one) => one.key)).toEqual(["outlier.unusual_share", "latency.p95"]);
});

it("shares are typed and read as per cent", () => {
  const known = measures(SUBJECTS, new Set());
  expect(sentence({ metric: "outlier", field: "unusual_share", operator: "above", value: 0.05 }, known)).toBe(
    "Share of unusual images above 5 %",
  );
  expect(sentence({ metric: "latency", field: "p95", operator: "above", value: 200 }, known)).toBe("Latency p95 above 200 ms");
});

it("less is worse for what reviews measure", () => {
  expect(measures(SUBJECTS, new Set()).find((one) => one.field === "accuracy")?.operator).toBe("below");
});
