/* Curves of one measure over epochs, all on one scale, so that they can be compared. */
import { score } from "../format";
import { useWidth } from "../useWidth";
import css from "./charts.module.css";
import type { CurveLine } from "./Curve";

export function Overlay({ lines, label, height = 220 }: { lines: CurveLine[]; label: string; height?: number }) {
  const [place, wide] = useWidth<SVGSVGElement>(500);
  const values = lines.flatMap((line) => line.values.filter((value): value is number => value !== null));
  const total = Math.max(...lines.map((line) => line.values.length), 1);
  if (values.length === 0) return <p className={css.unknown}>None of them reported it.</p>;
  const low = Math.min(...values, 0);
  const high = Math.max(...values, low + 1e-9);
  const right = wide - 46;
  const x = (i: number) => 4 + (i / Math.max(total - 1, 1)) * (right - 4);
  const y = (value: number) => 8 + (1 - (value - low) / (high - low)) * (height - 28);
  return (
    <svg ref={place} className={css.histogram} height={height} viewBox={`0 0 ${wide} ${height}`} role="img" aria-label={label}>
      {[low, (low + high) / 2, high].map((value) => (
        <g key={value}>
          <line x1={4} x2={right} y1={y(value)} y2={y(value)} stroke="var(--line)" />
          <text x={right + 6} y={y(value) + 4}>
            {score(value, 2)}
          </text>
        </g>
      ))}
      {lines.map((line) => {
        const known = line.values.flatMap((value, i) => (value === null ? [] : [[i, value] as const]));
        return (
          <g key={line.name}>
            <polyline
              points={known.map(([i, value]) => `${x(i)},${y(value)}`).join(" ")}
              fill="none"
              stroke={line.colour}
              strokeWidth={1.8}
              strokeLinejoin="round"
            />
            {known.length > 0 && <circle cx={x(known[known.length - 1][0])} cy={y(known[known.length - 1][1])} r={3} fill={line.colour} />}
          </g>
        );
      })}
      <text x={4} y={height - 3}>
        epoch 1
      </text>
      <text x={right} y={height - 3} textAnchor="end">
        {total}
      </text>
    </svg>
  );
}
