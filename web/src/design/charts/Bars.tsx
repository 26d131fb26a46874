/* Horizontal bars: now in the label's colour, below it the thin grey bar of the training data; a name leads to its images. */
import { Link } from "react-router";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { Twin } from "./Twin";

export type BarRow = {
  name: string;
  now: number | null;
  usual?: number | null;
  colour?: string;
  text: string;
  title?: string;
  to?: string | null;
  /** The usual as it is read in the table. */
  usualText?: string;
};

export function Bars({ rows, top, label }: { rows: BarRow[]; top?: number; label: string }) {
  const table = useAsTable();
  const full = top ?? Math.max(...rows.flatMap((row) => [row.now ?? 0, row.usual ?? 0]), 1e-9);
  const wide = (value: number | null | undefined) => `${((value ?? 0) / full) * 100}%`;
  if (table) {
    const both = rows.some((row) => row.usualText);
    const head = ["Name", "Now", ...(both ? ["Training data"] : [])];
    const cells = (row: BarRow) => [row.name, row.text, ...(both ? [row.usualText ?? "–"] : [])];
    return <Twin label={label} head={head} rows={rows.map((row) => ({ cells: cells(row), title: row.title, to: row.to ?? undefined }))} />;
  }
  return (
    <ul className={css.bars} aria-label={label}>
      {rows.map((row) => (
        <li key={row.name} title={row.title}>
          {row.to ? (
            <Link className={css.name} to={row.to}>
              {row.name}
            </Link>
          ) : (
            <span className={css.name}>{row.name}</span>
          )}
          <span className={css.track}>
            <span style={{ width: wide(row.now), background: row.colour ?? "var(--now)" }} />
            {row.usual !== undefined && row.usual !== null && <span style={{ width: wide(row.usual), background: "var(--usual)" }} />}
          </span>
          <span className={css.value}>{row.text}</span>
        </li>
      ))}
    </ul>
  );
}
