/* A training curve: one or two measures over epochs, each on its own scale, the last value written at its end; pointer and keys read each epoch. */
import { useState, type HTMLAttributes, type PointerEvent } from "react";
import { score } from "../format";
import { useWidth } from "../useWidth";
import { apart } from "./apart";
import css from "./charts.module.css";
import { useWalk } from "./useWalk";

export type CurveLine = { name: string; colour: string; values: (number | null)[]; digits?: number };

export function Curve({ lines, total, label, height = 150 }: { lines: CurveLine[]; total: number; label: string; height?: number }) {
  const [place, wide] = useWidth<SVGSVGElement>(600);
  const left = 4;
  const right = 52;
  const [pointed, setPointed] = useState<number | null>(null);
  const count = Math.max(...lines.map((line) => line.values.length), 0);
  const x = (i: number) => left + (i / Math.max(total - 1, 1)) * (wide - left - right);
  const tell = (i: number) =>
    `epoch ${i + 1}: ${lines.map((line) => `${line.name} ${score(line.values[i], line.digits ?? 3)}`).join(", ")}`;
  const { walk, props: walking } = useWalk({ label, count, tell });
  const here = walk.at ?? pointed;
  const texts = apart(lines.map((line) => end(line, height)));
  const under = (event: PointerEvent) => {
    const from = event.clientX - event.currentTarget.getBoundingClientRect().left - left;
    const nearest = Math.round((from / (wide - left - right)) * Math.max(total - 1, 1));
    setPointed(count === 0 ? null : Math.min(Math.max(nearest, 0), count - 1));
  };
  return (
    <svg
      ref={place}
      className={css.histogram}
      height={height}
      viewBox={`0 0 ${wide} ${height}`}
      onPointerMove={under}
      onPointerLeave={() => setPointed(null)}
      {...(walking as HTMLAttributes<SVGSVGElement>)}
    >
      {[0, 0.5, 1].map((part) => (
        <line key={part} x1={left} x2={wide - right} y1={8 + part * (height - 28)} y2={8 + part * (height - 28)} stroke="var(--line)" />
      ))}
      {lines.map((line, i) => (
        <Path key={line.name} line={line} x={x} height={height} text={texts[i]} />
      ))}
      {here !== null && <line x1={x(here)} x2={x(here)} y1={8} y2={height - 20} stroke="var(--ink-3)" strokeDasharray="3 3" />}
      <text x={left} y={height - 3}>
        {here === null ? "epoch 1" : tell(here)}
      </text>
      <text x={wide - right} y={height - 3} textAnchor="end">
        {total}
      </text>
    </svg>
  );
}

/** Each line has a scale of its own, from 0 (or below) to its highest value. */
function scale(line: CurveLine, height: number): (value: number) => number {
  const values = line.values.filter((value): value is number => value !== null);
  const low = Math.min(...values, 0);
  const high = Math.max(...values, low + 1e-9);
  return (value) => 8 + (1 - (value - low) / (high - low)) * (height - 28);
}

/** How high its last known value lies. */
function end(line: CurveLine, height: number): number {
  return scale(line, height)(line.values.findLast((value) => value !== null) ?? 0);
}

type PathProps = { line: CurveLine; x: (i: number) => number; height: number; text: number };

/** `text`: how high its last value is written. */
function Path({ line, x, height, text }: PathProps) {
  const known = line.values.flatMap((value, i) => (value === null ? [] : [[i, value] as const]));
  if (known.length === 0) return null;
  const y = scale(line, height);
  const [last, value] = known[known.length - 1];
  return (
    <g>
      <polyline
        points={known.map(([i, value]) => `${x(i)},${y(value)}`).join(" ")}
        fill="none"
        stroke={line.colour}
        strokeWidth={1.8}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
      <circle cx={x(last)} cy={y(value)} r={3} fill={line.colour} />
      <text x={x(last) + 7} y={text + 4} style={{ fill: line.colour, fontWeight: 600 }}>
        {score(value, line.digits ?? 3)}
      </text>
    </g>
  );
}
