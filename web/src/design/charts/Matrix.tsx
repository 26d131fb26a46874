/* A table of counts whose shade is each cell's share of its row. */
import css from "./charts.module.css";

type Props = { rows: string[]; columns: string[]; counts: number[][]; rowTitle: string; columnTitle: string };

export function Matrix({ rows, columns, counts, rowTitle, columnTitle }: Props) {
  return (
    <div style={{ overflowX: "auto" }}>
      <table className={css.matrix} style={{ minWidth: 70 + columns.length * 46 }}>
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
                  const hue = name === column ? "var(--now)" : "var(--warn-strong)";
                  const share = total > 0 ? n / total : 0;
                  return (
                    <td
                      key={column}
                      title={`${name} → ${column}: ${n} of ${total}`}
                      style={{
                        background: n > 0 ? `color-mix(in srgb, ${hue} ${Math.round(10 + share * 36)}%, var(--surface))` : "var(--sunken)",
                      }}
                    >
                      {n > 0 ? n : ""}
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
