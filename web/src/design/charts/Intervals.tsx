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
  colour?: string;
  title?: string;
};

export function Intervals({ label, rows }: { label: string; rows: IntervalRow[] }) {
  const cells = ({ name, value, lower, upper, guess }: IntervalRow) => [
    `${name}${guess ? " (a guess)" : ""}`,
    score(value, 3),
    score(lower, 3),
    score(upper, 3),
  ];
  if (useAsTable()) return <Twin label={label} head={["Name", "Value", "From", "To"]} rows={rows.map((row) => ({ cells: cells(row) }))} />;
  const part = (value: number) => `${Math.min(Math.max(value, 0), 1) * 100}%`;
  return (
    <ul className={css.intervals} aria-label={label}>
      {rows.map((row) => (
        <li key={row.name} title={row.title} style={{ "--hue": row.colour ?? "var(--now)" } as React.CSSProperties}>
          <span className={css.name}>{row.name}</span>
          <span className={css.ruler}>
            {row.lower !== null && row.upper !== null && (
              <span className={css.reach} style={{ left: part(row.lower), width: part(row.upper - row.lower) }} />
            )}
            {row.value !== null && <span className={css.at} data-guess={row.guess} style={{ left: part(row.value) }} />}
          </span>
          <span className={css.value}>
            {score(row.value, 2)}
            {row.lower !== null && row.upper !== null && (
              <small>
                {score(row.lower, 2)}–{score(row.upper, 2)}
              </small>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
