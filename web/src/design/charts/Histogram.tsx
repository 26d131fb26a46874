/* Counts over equal bins, from `from` to `to`, with an optional mark (a threshold, a limit). */
import { useWidth } from "../useWidth";
import css from "./charts.module.css";

type Props = {
  counts: number[];
  from: number;
  to: number;
  mark?: number;
  markName?: string;
  label: string;
  height?: number;
  unit?: (value: number) => string;
};

export function Histogram({ counts, from, to, mark, markName, label, height = 96, unit = String }: Props) {
  const [place, wide] = useWidth<SVGSVGElement>();
  const tall = height - 18;
  const top = Math.max(...counts, 1);
  const step = wide / Math.max(counts.length, 1);
  const at = mark === undefined ? null : ((mark - from) / (to - from)) * wide;
  return (
    <svg ref={place} className={css.histogram} height={height} viewBox={`0 0 ${wide} ${height}`} role="img" aria-label={label}>
      <line x1={0} x2={wide} y1={tall} y2={tall} stroke="var(--line-strong)" />
      {counts.map((n, i) => {
        const bar = (n / top) * (tall - 4);
        const silent = at !== null && (i + 0.5) * step < at;
        return (
          n > 0 && (
            <rect
              key={i}
              x={i * step + 0.5}
              y={tall - Math.max(bar, 1)}
              width={Math.max(step - 1, 0.6)}
              height={Math.max(bar, 1)}
              fill={silent ? "var(--usual)" : "var(--now)"}
            >
              <title>{`${unit(from + ((to - from) * i) / counts.length)}: ${n}`}</title>
            </rect>
          )
        );
      })}
      {at !== null && <line x1={at} x2={at} y1={0} y2={tall} stroke="var(--ink-2)" strokeDasharray="3 3" />}
      {at !== null && markName && (
        <text x={at > wide / 2 ? at - 4 : at + 4} y={10} textAnchor={at > wide / 2 ? "end" : "start"}>
          {markName}
        </text>
      )}
      <text x={0} y={height - 3}>
        {unit(from)}
      </text>
      <text x={wide} y={height - 3} textAnchor="end">
        {unit(to)}
      </text>
    </svg>
  );
}
