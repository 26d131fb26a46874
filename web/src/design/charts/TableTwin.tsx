/* The same numbers as a table, for screen readers and for copying. */
import type { Line } from "./timeOptions";

type Props = { label: string; times: number[]; lines: Pick<Line, "name" | "values">[]; format: (value: number) => string };

export function TableTwin({ label, times, lines, format }: Props) {
  const from = Math.max(0, times.length - 48);
  return (
    <div className="visually-hidden">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th>Time</th>
            {lines.map((line) => (
              <th key={line.name}>{line.name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.slice(from).map((time, i) => (
            <tr key={time}>
              <td>{new Date(time * 1000).toISOString()}</td>
              {lines.map((line) => {
                const value = line.values[from + i];
                return <td key={line.name}>{value === null || value === undefined ? "–" : format(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
