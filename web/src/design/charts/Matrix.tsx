/* A table of counts whose shade is each cell's share of its row; a cell leads to its images. */
import { Link } from "react-router";
import css from "./charts.module.css";

type Props = {
  rows: string[];
  columns: string[];
  counts: number[][];
  rowTitle: string;
  columnTitle: string;
  /** Where the images of a cell are. */
  linkOf?: (row: number, column: number) => string | null;
};

export function Matrix({ rows, columns, counts, rowTitle, columnTitle, linkOf }: Props) {
  return (
    <div className={css.scrolled} tabIndex={0} role="region" aria-label={`${rowTitle} against ${columnTitle}`}>
      <table className={css.matrix} style={{ minWidth: 70 + columns.length * 40 }}>
        <caption className="visually-hidden">{`${rowTitle} in rows, ${columnTitle} in columns`}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, r) => {
            const total = (counts[r] ?? []).reduce((sum, n) => sum + n, 0);
            return (
              <tr key={name}>
                <th scope="row" title={name}>
                  {name}
                </th>
                {columns.map((column, c) => {
                  const n = counts[r]?.[c] ?? 0;
                  const to = n > 0 ? linkOf?.(r, c) : null;
                  return (
                    <td
                      key={column}
                      title={`${rowTitle} ${name}, ${columnTitle} ${column}: ${n} of ${total}`}
                      style={{ background: shade(n, total, name === column) }}
                    >
                      {to ? (
                        <Link to={to} aria-label={`${n} images: ${rowTitle} ${name}, ${columnTitle} ${column}`}>
                          {n}
                        </Link>
                      ) : (
                        n > 0 && n
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function shade(n: number, total: number, right: boolean): string {
  if (n === 0) return "var(--sunken)";
  return `color-mix(in srgb, ${right ? "var(--now)" : "var(--warn-strong)"} ${Math.round(10 + (n / total) * 36)}%, var(--surface))`;
}
