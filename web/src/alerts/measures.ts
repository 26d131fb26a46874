/* What an alert can watch, as the server lists it, with the direction that is usually bad and the unit a person types. */
import type { AlertRule, AlertSubject } from "../api/types";
import { words } from "../design/format";

export type Measure = AlertSubject & { key: string; operator: AlertRule["operator"]; shown: string; scale: number; example: string };

/** How bad an alert is that fires, on every list. */
export const TONES = { info: "plain", warning: "warn", critical: "bad" } as const;

const USUALLY_BAD_BELOW = /^(volume|throughput|confidence|average_precision|detection_report|classification_report)$/;

/** No metric of the dashboard, and known of every deployment. */
const OF_ANY = /^(silence|unlogged)$/;

const EXAMPLES: Record<string, string> = {
  "drift.from_usual": "0.1",
  "drift.d": "0.25",
  "outlier.unusual_share": "5",
  "latency.p95": "200",
  "errors.share": "1",
  "silence.usual_gaps": "3",
  "volume.images": "10",
};

const ORDER = [
  "drift.from_usual",
  "outlier.unusual_share",
  "latency.p95",
  "errors.share",
  "silence.usual_gaps",
  "volume.images",
  "confidence.mean",
];

/** `scale`: what a person types divided by it is what the server compares with. The most asked for come first. */
export function measures(subjects: readonly AlertSubject[], metrics: ReadonlySet<string>): Measure[] {
  const place = (one: Measure) => (ORDER.includes(one.key) ? ORDER.indexOf(one.key) : ORDER.length);
  return subjects
    .filter((subject) => metrics.size === 0 || metrics.has(subject.metric) || OF_ANY.test(subject.metric))
    .map(measure)
    .sort((a, b) => place(a) - place(b));
}

function measure(subject: AlertSubject): Measure {
  const key = `${subject.metric}.${subject.field}`;
  const share = subject.unit === "share";
  const shown = share
    ? "%"
    : ["number", "distance", "images"].includes(subject.unit)
      ? ""
      : subject.unit === "times"
        ? "times the usual gap"
        : subject.unit;
  return {
    ...subject,
    key,
    shown,
    scale: share ? 100 : 1,
    operator: USUALLY_BAD_BELOW.test(subject.metric) ? "below" : "above",
    example: EXAMPLES[key] ?? (share ? "80" : ""),
  };
}

/** "Drift from the training data above 0.25": a rule as one reads it. */
export function sentence(rule: Pick<AlertRule, "metric" | "field" | "operator" | "value">, known: readonly Measure[]): string {
  const found = known.find((one) => one.metric === rule.metric && one.field === rule.field);
  const title = found?.title ?? words(`${rule.metric} ${rule.field ?? ""}`.trim());
  const value = Number((rule.value * (found?.scale ?? 1)).toPrecision(6));
  return `${title.charAt(0).toUpperCase()}${title.slice(1)} ${rule.operator} ${value}${found?.shown ? ` ${found.shown}` : ""}`;
}
