/* What reviewed images say: average precision, precision and recall at the threshold, confusion. */
import type { Measurement, Task } from "../api/types";
import { Matrix } from "../design/charts/Matrix";
import { count, plural, score, words } from "../design/format";
import css from "./monitoring.module.css";
import { list, num, nums, record } from "./read";
import { Tile } from "./Tile";

const reviewed = (m: Measurement) => <small>{plural(m.count, "reviewed image")}</small>;

export function PrecisionTile() {
  return (
    <Tile metric="average_precision" title="Average precision" headline={reviewed}>
      {(m) => (
        <>
          <Numbers
            rows={[
              ["mAP50", num(m.value, "map50")],
              ["mAP50–95", num(m.value, "map50_95")],
              ["AR100", num(m.value, "ar100")],
            ]}
          />
          <table className={css.table}>
            <thead>
              <tr>
                <th>Label</th>
                <th data-n>AP50</th>
                <th data-n>AP50–95</th>
                <th data-n>Objects</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(record(m.value, "labels")).map(([name, row]) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td data-n>{score(num(row, "ap50"), 2)}</td>
                  <td data-n>{score(num(row, "ap50_95"), 2)}</td>
                  <td data-n>{count(num(row, "positives"))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Tile>
  );
}

export function ReportTile() {
  return (
    <Tile metric="detection_report" title="At the threshold" headline={reviewed}>
      {(m) => (
        <>
          <Numbers
            rows={[
              ["Precision", num(m.value, "precision"), nums(m.value, "precision_interval")],
              ["Recall", num(m.value, "recall"), nums(m.value, "recall_interval")],
              ["F1", num(m.value, "f1")],
            ]}
          />
          <PerLabel measure={m} />
          <Errors measure={m} />
        </>
      )}
    </Tile>
  );
}

export function ClassificationTile() {
  return (
    <Tile metric="classification_report" title="Accuracy" wide={6} headline={reviewed}>
      {(m) => (
        <>
          <Numbers
            rows={[
              ["Accuracy", num(m.value, "accuracy"), nums(m.value, "accuracy_interval")],
              ["Macro F1", num(m.value, "macro_f1")],
              ["Precision", num(m.value, "precision"), nums(m.value, "precision_interval")],
              ["Recall", num(m.value, "recall"), nums(m.value, "recall_interval")],
            ]}
          />
          <PerLabel measure={m} />
        </>
      )}
    </Tile>
  );
}

function PerLabel({ measure }: { measure: Measurement }) {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th>Label</th>
          <th data-n>Precision</th>
          <th data-n>Recall</th>
          <th data-n>F1</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(record(measure.value, "labels")).map(([name, row]) => (
          <tr key={name}>
            <td>{name}</td>
            <td data-n>{score(num(row, "precision"), 2)}</td>
            <td data-n>{score(num(row, "recall"), 2)}</td>
            <td data-n>{score(num(row, "f1"), 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Errors({ measure }: { measure: Measurement }) {
  const errors = Object.entries((measure.value?.errors ?? {}) as Record<string, unknown>).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number" && pair[1] > 0,
  );
  if (errors.length === 0) return null;
  return (
    <p className={css.foot}>
      Errors:{" "}
      {errors
        .sort((a, b) => b[1] - a[1])
        .map(([name, n]) => `${n} ${words(name).toLowerCase()}`)
        .join(", ")}
    </p>
  );
}

export function ConfusionTile({ task }: { task: Task }) {
  const metric = task === "classification" ? "classification_report" : "detection_report";
  return (
    <Tile metric={metric} title="Confusion" wide={task === "classification" ? 6 : 4} headline={reviewed}>
      {(m) => {
        const confusion = readConfusion(m.value);
        if (!confusion) return <p className={css.foot}>Nothing to confuse yet.</p>;
        return (
          <>
            <Matrix {...confusion} rowTitle="true" columnTitle="answered" />
            <p className={css.foot}>Rows: what is true. Columns: what was answered. Blue is right.</p>
          </>
        );
      }}
    </Tile>
  );
}

/** A confusion matrix as the server gives it: rows are what was true, columns what was answered. */
export function readConfusion(value: Record<string, unknown> | null): { rows: string[]; columns: string[]; counts: number[][] } | null {
  const confusion = value?.confusion as Record<string, unknown> | undefined;
  if (!confusion) return null;
  const counts = list<number[]>(confusion, "counts");
  const named = list<string>(confusion, "labels");
  const names = (key: string) =>
    (list<string>(confusion, key).length ? list<string>(confusion, key) : named).map((name) => (name === "background" ? "nothing" : name));
  const [rows, columns] = [names("rows"), names("columns")];
  return counts.length && rows.length ? { rows, columns, counts } : null;
}

type Reading = [title: string, value: number | null, interval?: number[]];

/** Large numbers; below each, where it lies with 95 % confidence, as few reviews are few. */
function Numbers({ rows }: { rows: Reading[] }) {
  return (
    <dl className={css.numbers}>
      {rows.map(([name, value, interval]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{score(value, 2)}</dd>
          {interval?.length === 2 && (
            <dd className={css.interval} title="95 % interval">
              {score(interval[0], 2)}–{score(interval[1], 2)}
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}
