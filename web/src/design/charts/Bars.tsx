/* Horizontal bars: now in the label's colour, below it the thin grey bar of the training data. */
import css from "./charts.module.css";

export type BarRow = { name: string; now: number | null; usual?: number | null; colour?: string; text: string; title?: string };

export function Bars({ rows, top, label }: { rows: BarRow[]; top?: number; label: string }) {
  const full = top ?? Math.max(...rows.flatMap((row) => [row.now ?? 0, row.usual ?? 0]), 1e-9);
  const wide = (value: number | null | undefined) => `${((value ?? 0) / full) * 100}%`;
  return (
    <ul className={css.bars} aria-label={label}>
      {rows.map((row) => (
        <li key={row.name} title={row.title}>
          <span className={css.name}>{row.name}</span>
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
