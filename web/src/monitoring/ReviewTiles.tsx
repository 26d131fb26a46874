/* What reviewed images say: average precision, precision and recall at the threshold, each with how certain it is. */
import { Link } from "react-router";
import type { Measurement } from "../api/types";
import { count, percent, plural, score } from "../design/format";
import { useBeside, useBoard } from "./board";
import { linkTo } from "./LabelTiles";
import css from "./monitoring.module.css";
import { ShareOverTime } from "./OverTime";
import { num, nums, record } from "./read";
import { Tile } from "./Tile";

export const reviewed = (m: Measurement) => <small>{plural(m.count, "reviewed image")}</small>;

const PRECISIONS = [
  ["mAP50–95", "map50_95"],
  ["mAP50", "map50"],
  ["mAP75", "map75"],
  ["Small", "map_small"],
  ["Medium", "map_medium"],
  ["Large", "map_large"],
] as const;
const RECALLS = [
  ["AR100", "ar100"],
  ["AR small", "ar_small"],
  ["AR medium", "ar_medium"],
  ["AR large", "ar_large"],
] as const;

export function PrecisionTile() {
  const other = useBeside("average_precision");
  const reading = (m: Measurement, [name, key]: readonly [string, string]): Reading => ({
    name,
    value: num(m.value, key),
    beside: other && [other.name, num(other.measure.value, key)],
  });
  return (
    <Tile metric="average_precision" title="Average precision" headline={reviewed}>
      {(m) => (
        <>
          <Numbers rows={PRECISIONS.filter(([, key], i) => i < 3 || num(m.value, key) !== null).map((one) => reading(m, one))} />
          <Numbers small rows={RECALLS.filter(([, key]) => num(m.value, key) !== null).map((one) => reading(m, one))} />
          <ShareOverTime
            measure={m}
            label="mAP50 over time"
            lines={[{ name: "mAP50", colour: "--now", of: ["map50"] }]}
            beside={["map50"]}
          />
          <LabelTable
            measure={m}
            columns={[
              ["AP50", "ap50"],
              ["AP50–95", "ap50_95"],
              ["Objects", "positives"],
            ]}
          />
        </>
      )}
    </Tile>
  );
}

export function ReportTile() {
  const other = useBeside("detection_report");
  return (
    <Tile metric="detection_report" title="At the threshold" headline={reviewed}>
      {(m) => (
        <>
          <Numbers rows={["precision", "recall", "f1"].map((key) => rate(m, key, other))} />
          <ShareOverTime
            measure={m}
            label="Precision and recall over time"
            lines={[
              { name: "precision", colour: "--now", of: ["precision"] },
              { name: "recall", colour: "--ink-3", of: ["recall"] },
            ]}
            beside={["precision"]}
          />
          <LabelTable measure={m} columns={RATES} />
        </>
      )}
    </Tile>
  );
}

export function ClassificationTile() {
  const other = useBeside("classification_report");
  return (
    <Tile metric="classification_report" title="Accuracy" wide={8} headline={reviewed}>
      {(m) => (
        <>
          <Numbers
            rows={["accuracy", "balanced_accuracy", "macro_f1", "precision", "recall", "f1"]
              .filter((key) => num(m.value, key) !== null || key === "accuracy")
              .map((key) => rate(m, key, other))}
          />
          <ShareOverTime
            measure={m}
            label="Accuracy over time"
            lines={[{ name: "accuracy", colour: "--now", of: ["accuracy", "f1"] }]}
            beside={["accuracy"]}
          />
          <LabelTable measure={m} columns={[...RATES, ["Images", "support"]]} />
        </>
      )}
    </Tile>
  );
}

const RATES: Column[] = [
  ["Precision", "precision"],
  ["Recall", "recall"],
  ["F1", "f1"],
];
const TITLES: Record<string, string> = {
  precision: "Precision",
  recall: "Recall",
  f1: "F1",
  accuracy: "Accuracy",
  balanced_accuracy: "Balanced",
  macro_f1: "Macro F1",
};

function rate(m: Measurement, key: string, other: { name: string; measure: Measurement } | null): Reading {
  return {
    name: TITLES[key] ?? key,
    value: num(m.value, key),
    interval: nums(m.value, `${key}_interval`),
    beside: other && [other.name, num(other.measure.value, key)],
  };
}

type Column = readonly [title: string, key: string];

/** One row per label; a share has the interval it lies in below it, and the label leads to its images. */
function LabelTable({ measure, columns }: { measure: Measurement; columns: readonly Column[] }) {
  const { find } = useBoard();
  const rows = Object.entries(record(measure.value, "labels"));
  if (rows.length === 0) return null;
  return (
    <div className={css.scrolled} tabIndex={0} role="region" aria-label="By label">
      <table className={css.table}>
        <thead>
          <tr>
            <th>Label</th>
            {columns.map(([title]) => (
              <th key={title} data-n>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, row]) => {
            const to = linkTo(row, find);
            return (
              <tr key={name}>
                <td>{to ? <Link to={to}>{name}</Link> : name}</td>
                {columns.map(([title, key]) => (
                  <td key={title} data-n>
                    <Cell row={row} name={key} />
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ row, name }: { row: Record<string, unknown>; name: string }) {
  const value = num(row, name);
  const [low, high] = nums(row, `${name}_interval`);
  if (value !== null && (name === "positives" || name === "support")) return <>{count(value)}</>;
  return (
    <>
      {score(value, 2)}
      {value !== null && high !== undefined && (
        <small title="95 % interval">{`${percent(low)} – ${percent(high)}`.replaceAll(" %", "")}</small>
      )}
    </>
  );
}

export type Reading = { name: string; value: number | null; interval?: number[]; beside?: [string, number | null] | null };

/** Large numbers; below each, where it lies with 95 % confidence, as few reviews are few, and the other role's. */
export function Numbers({ rows, small }: { rows: Reading[]; small?: boolean }) {
  if (rows.length === 0) return null;
  return (
    <dl className={css.numbers} data-small={small}>
      {rows.map(({ name, value, interval, beside }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{score(value, 2)}</dd>
          {interval?.length === 2 && (
            <dd className={css.interval} title="95 % interval">
              {score(interval[0], 2)}–{score(interval[1], 2)}
            </dd>
          )}
          {beside && (
            <dd className={css.beside} title={`${beside[0]} on the same images`}>
              {beside[0]} {score(beside[1], 2)}
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}
