/* Numbers from 0 to 1, each with where it lies for certain: a dot on a line. Another role's stands below it. */
import { score } from "../format";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { Twin } from "./Twin";

export type IntervalRow = {
  name: string;
  value: number | null;
  lower: number | null;
  upper: number | null;
  /** A guess is drawn hollow. */
  guess?: boolean;
  title?: string;
  /** Another role's, drawn on the same line. */
  beside?: { name: string; value: number; lower: number | null; upper: number | null } | null;
};

export function Intervals({ label, rows }: { label: string; rows: IntervalRow[] }) {
  const other = rows.find((row) => row.beside)?.beside?.name;
  const cells = ({ name, value, lower, upper, guess, beside }: IntervalRow) => [
    `${name}${guess ? " (a guess)" : ""}`,
    ...[value, lower, upper, ...(other ? [beside?.value] : [])].map((one) => score(one, 3)),
  ];
  const head = ["Name", "Value", "From", "To", ...(other ? [other] : [])];
  if (useAsTable()) return <Twin label={label} head={head} rows={rows.map((row) => ({ cells: cells(row) }))} />;
  return (
    <ul className={css.intervals} aria-label={label}>
      {rows.map((row) => (
        <li key={row.name} title={row.title}>
          <span className={css.name}>{row.name}</span>
          <span className={css.ruler}>
            {row.beside && <Dot {...row.beside} hue="var(--shadow-role)" />}
            <Dot {...row} hue="var(--now)" />
          </span>
          <span className={css.value}>
            {score(row.value, 2)}
            {row.lower !== null && row.upper !== null && (
              <small>
                {score(row.lower, 2)}–{score(row.upper, 2)}
              </small>
            )}
            {row.beside && (
              <small className={css.other}>
                {row.beside.name} {score(row.beside.value, 2)}
              </small>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

type Place = { value: number | null; lower: number | null; upper: number | null; guess?: boolean; hue: string };

function Dot({ value, lower, upper, guess, hue }: Place) {
  const part = (at: number) => `${Math.min(Math.max(at, 0), 1) * 100}%`;
  return (
    <span style={{ "--hue": hue } as React.CSSProperties}>
      {lower !== null && upper !== null && <span className={css.reach} style={{ left: part(lower), width: part(upper - lower) }} />}
      {value !== null && <span className={css.at} data-guess={guess} style={{ left: part(value) }} />}
    </span>
  );
}
