/* What is taken for what, and what kind of mistakes there are; every cell and bar leads to its images. */
import type { Measurement, Task } from "../api/types";
import { Bars } from "../design/charts/Bars";
import { Matrix } from "../design/charts/Matrix";
import { lines, snapshot } from "../design/csv";
import { count, percent } from "../design/format";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { list, num } from "./read";
import { reviewed } from "./ReviewTiles";
import { Tile } from "./Tile";

export function ConfusionTile({ task, wide = 4 }: { task: Task; wide?: number }) {
  const { find } = useBoard();
  const metric = task === "classification" ? "classification_report" : "detection_report";
  return (
    <Tile metric={metric} title="Confusion" wide={wide} headline={reviewed} chart={false} file={table}>
      {(m) => {
        const confusion = readConfusion(m.value);
        if (!confusion) return <p className={css.foot}>Nothing to confuse yet.</p>;
        const { queries, ...counts } = confusion;
        const link = (row: number, column: number) => {
          const query = queries[row]?.[column];
          return query ? find(query) : null;
        };
        return (
          <>
            <Matrix {...counts} rowTitle="true" columnTitle="answered" linkOf={link} />
            <p className={css.foot}>Rows: what is true. Columns: what was answered. Blue is right.</p>
          </>
        );
      }}
    </Tile>
  );
}

function table({ value }: Measurement): string {
  const { rows, columns, counts } = readConfusion(value) ?? { rows: [], columns: [], counts: [] };
  return lines([["true / answered", ...columns], ...rows.map((name, i) => [name, ...columns.map((_, j) => counts[i]?.[j] ?? 0)])]);
}

type Confusion = { rows: string[]; columns: string[]; counts: number[][]; queries: (string | null)[][] };

/** A confusion matrix as the server gives it: rows are what was true, columns what was answered. */
export function readConfusion(value: Record<string, unknown> | null): Confusion | null {
  const confusion = value?.confusion as Record<string, unknown> | undefined;
  if (!confusion) return null;
  const counts = list<number[]>(confusion, "counts");
  const named = list<string>(confusion, "labels");
  const names = (key: string) =>
    (list<string>(confusion, key).length ? list<string>(confusion, key) : named).map((name) => (name === "background" ? "nothing" : name));
  const [rows, columns] = [names("rows"), names("columns")];
  const queries = list<(string | null)[]>(confusion, "queries");
  return counts.length && rows.length ? { rows, columns, counts, queries } : null;
}

/** TIDE's kinds of errors as a person would say them, with what usually helps. */
const KINDS: Record<string, [title: string, help: string]> = {
  missed: ["Missed", "an object without an answer: more examples like it, or a lower threshold"],
  background: ["Nothing there", "an answer where nothing is: more images without objects, or a higher threshold"],
  location: ["Wrong place", "the right label, the box overlaps too little: look at how boxes are drawn"],
  label: ["Wrong label", "the right place, another label: look at how the two are told apart"],
  label_and_location: ["Both wrong", "another label, and the box overlaps too little"],
  duplicate: ["Twice", "the object was answered already by a surer one"],
};

export function MistakesTile({ wide = 4 }: { wide?: number }) {
  const { find } = useBoard();
  return (
    <Tile metric="detection_report" title="Mistakes" wide={wide} headline={reviewed} file={(m) => snapshot(m.value?.errors)}>
      {(m) => {
        const errors = (m.value?.errors ?? {}) as Record<string, number>;
        const queries = (m.value?.error_queries ?? {}) as Record<string, string>;
        const total = Object.values(errors).reduce((sum, n) => sum + n, 0);
        const rows = Object.entries(KINDS)
          .map(([kind, [title, help]]) => ({ kind, title, help, n: errors[kind] ?? 0 }))
          .sort((a, b) => b.n - a.n);
        return (
          <>
            <Bars
              label="Mistakes by kind"
              rows={rows.map(({ kind, title, help, n }) => ({
                name: title,
                now: n,
                colour: "var(--warn-strong)",
                text: n ? `${count(n)} · ${percent(n / total)}` : "0",
                title: help,
                to: queries[kind] ? find(queries[kind]) : null,
              }))}
            />
            <p className={css.foot}>
              {total === 0
                ? `No mistake in ${count(num(m.value, "tp"))} right answers`
                : `${count(total)} mistakes beside ${count(num(m.value, "tp"))} right answers. Most: ${rows[0].help}`}
            </p>
          </>
        );
      }}
    </Tile>
  );
}
