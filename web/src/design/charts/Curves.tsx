/* Lines over 0..1 by 0..1, such as precision over recall; the pointer and the keyboard read all of them at one place. */
import { useState, type HTMLAttributes, type PointerEvent } from "react";
import { score } from "../format";
import { useWidth } from "../useWidth";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { Twin } from "./Twin";
import { useWalk } from "./useWalk";

/** `note`: what else is known at each point; `size`: of its dot, from 0 to 1. All lines have their points at the same x. */
export type CurvesLine = {
  name: string;
  colour: string;
  points: { x: number; y: number; note?: string; size?: number }[];
  dashed?: boolean;
};

type Props = { label: string; lines: CurvesLine[]; xTitle: string; yTitle: string; height?: number; diagonal?: boolean; dots?: boolean };

export function Curves(props: Props) {
  return useAsTable() ? <AsRows {...props} /> : <Drawn {...props} />;
}

function AsRows({ label, lines, xTitle, yTitle }: Props) {
  const rows = (lines[0]?.points ?? []).map(({ x }, i) => ({
    cells: [
      score(x, 2),
      ...lines.map((line) => (line.points[i] ? `${score(line.points[i].y, 3)} ${line.points[i].note ?? ""}`.trim() : "–")),
    ],
  }));
  return <Twin label={label} head={[xTitle, ...lines.map((line) => (lines.length > 1 ? line.name : yTitle))]} rows={rows} />;
}

const LEFT = 26;
const RIGHT = 8;
const TOP = 8;
const BELOW = 20;

function Drawn({ label, lines, xTitle, height = 190, diagonal, dots }: Props) {
  const [place, wide] = useWidth<SVGSVGElement>();
  const [pointed, setPointed] = useState<number | null>(null);
  const xs = lines[0]?.points.map(({ x }) => x) ?? [];
  const read = (i: number) =>
    lines.flatMap(({ name, points }) =>
      points[i] ? [`${name} ${score(points[i].y, 2)}${points[i].note ? ` ${points[i].note}` : ""}`] : [],
    );
  const tell = (i: number) => `${xTitle} ${score(xs[i], 2)}: ${read(i).join(", ")}`;
  const { walk, props: walking } = useWalk({ label, count: xs.length, tell });
  const here = walk.at ?? pointed;
  const x = (value: number) => LEFT + value * (wide - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value) * (height - TOP - BELOW);
  const under = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const value = (event.clientX - box.left - LEFT) / (wide - LEFT - RIGHT);
    setPointed(xs.length === 0 ? null : xs.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(xs[best] - value) ? i : best), 0));
  };
  return (
    <figure className={css.figure}>
      <svg
        ref={place}
        className={css.histogram}
        height={height}
        viewBox={`0 0 ${wide} ${height}`}
        onPointerMove={under}
        onPointerLeave={() => setPointed(null)}
        {...(walking as HTMLAttributes<SVGSVGElement>)}
      >
        {[0, 0.5, 1].map((value) => (
          <g key={value}>
            <line x1={x(0)} x2={x(1)} y1={y(value)} y2={y(value)} stroke="var(--line)" />
            <text x={LEFT - 5} y={y(value) + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        {diagonal && <line x1={x(0)} x2={x(1)} y1={y(0)} y2={y(1)} stroke="var(--usual)" strokeDasharray="4 3" />}
        {lines.map((line) => (
          <g key={line.name}>
            {!dots && (
              <polyline
                points={line.points.map((point) => `${x(point.x)},${y(point.y)}`).join(" ")}
                fill="none"
                stroke={line.colour}
                strokeWidth={1.7}
                strokeLinejoin="round"
                strokeDasharray={line.dashed ? "4 3" : undefined}
              />
            )}
            {dots &&
              line.points.map((point) => (
                <circle
                  key={point.x}
                  cx={x(point.x)}
                  cy={y(point.y)}
                  r={2 + 5 * (point.size ?? 0.2)}
                  fill={line.colour}
                  fillOpacity={0.75}
                />
              ))}
            {here !== null && line.points[here] && (
              <circle cx={x(line.points[here].x)} cy={y(line.points[here].y)} r={3.6} fill={line.colour} stroke="var(--surface)" />
            )}
          </g>
        ))}
        {here !== null && <line x1={x(xs[here])} x2={x(xs[here])} y1={y(1)} y2={y(0)} stroke="var(--ink-3)" strokeDasharray="3 3" />}
        <text x={x(0)} y={height - 4}>
          0
        </text>
        <text x={x(0.5)} y={height - 4} textAnchor="middle">
          {here === null ? xTitle : `${xTitle} ${score(xs[here], 2)}`}
        </text>
        <text x={x(1)} y={height - 4} textAnchor="end">
          1
        </text>
      </svg>
      <ul className={css.legend} aria-hidden="true">
        {lines.map((line) => (
          <li key={line.name}>
            <span style={{ background: line.colour }} />
            {line.name}
            {here !== null && line.points[here] && (
              <strong>
                {score(line.points[here].y, 2)}
                {line.points[here].note && ` ${line.points[here].note}`}
              </strong>
            )}
          </li>
        ))}
      </ul>
    </figure>
  );
}
