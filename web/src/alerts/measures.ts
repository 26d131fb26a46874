/* What an alert can watch, in words, with the direction that is usually bad. */
import type { AlertRule } from "../api/types";
import { words } from "../design/format";

export type Measure = { key: string; metric: string; field: string | null; title: string; operator: "above" | "below"; unit: string; scale: number; example: string };

const line = (metric: string, field: string | null, title: string, operator: "above" | "below", unit: string, scale: number, example: string): Measure => ({ key: `${metric}.${field ?? ""}`, metric, field, title, operator, unit, scale, example });

/** `scale`: what a person types divided by it is what the server compares with. */
export const FIELDS: Measure[] = [
  line("drift", "d", "drift", "above", "", 1, "0.25"),
  line("outlier", "unusual_share", "share of unusual images", "above", "%", 100, "5"),
  line("latency", "p95", "latency p95", "above", "ms", 1, "200"),
  line("volume", "images", "number of images", "below", "", 1, "10"),
  line("confidence", "mean", "mean confidence", "below", "", 1, "0.5"),
  line("detections_per_image", "mean", "detections per image", "below", "", 1, "1"),
  line("label_distribution", "distance", "distance of the labels", "above", "", 1, "0.2"),
  line("average_precision", "map50", "mAP50 of reviewed images", "below", "", 1, "0.5"),
  line("detection_report", "precision", "precision of reviewed images", "below", "", 1, "0.8"),
  line("detection_report", "recall", "recall of reviewed images", "below", "", 1, "0.8"),
  line("classification_report", "accuracy", "accuracy of reviewed images", "below", "", 1, "0.9"),
];

export function fieldOf(key: string): Measure | undefined {
  return FIELDS.find((field) => field.key === key);
}

export function measureTitle(measure: Measure): string {
  return measure.title;
}

/** "Drift above 0.25": a rule as one reads it. */
export function sentence(rule: Pick<AlertRule, "metric" | "field" | "operator" | "value">): string {
  const known = FIELDS.find((field) => field.metric === rule.metric && (rule.field === null || field.field === rule.field));
  const title = known ? known.title.charAt(0).toUpperCase() + known.title.slice(1) : words(rule.field ? `${rule.metric} ${rule.field}` : rule.metric);
  const value = Number((rule.value * (known?.scale ?? 1)).toPrecision(6));
  return `${title} ${rule.operator} ${value}${known?.unit ? ` ${known.unit}` : ""}`;
}
