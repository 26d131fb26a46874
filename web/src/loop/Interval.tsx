/* The difference between candidate and champion as a point with its interval, against zero and the margin allowed. */
import { useWidth } from "../design/useWidth";
import css from "./loop.module.css";

type Props = { difference: number | null; lower: number | null; upper: number | null; margin: number; caption: string };

export function Interval({ difference, lower, upper, margin, caption }: Props) {
  const [place, wide] = useWidth<SVGSVGElement>(560);
  if (difference === null) return <p className={css.scale}>{caption}</p>;
  const low = lower ?? difference;
  const high = upper ?? difference;
  const reach = Math.max(Math.abs(low), Math.abs(high), margin * 2, 0.02) * 1.15;
  const middle = wide / 2;
  // On a phone the two sentences below the line do not fit beside each other.
  const below = wide < 400 ? 54 : 38;
  const x = (value: number) => middle + (value / reach) * (middle - 10);
  const colour = low > 0 ? "var(--ok)" : high < 0 ? "var(--bad)" : "var(--warn-strong)";
  const points = (value: number) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value * 100).toFixed(1)}`;
  return (
    <figure className={css.scale}>
      <svg
        ref={place}
        viewBox={`0 0 ${wide} ${below + 4}`}
        height={below + 4}
        style={{ width: "100%" }}
        role="img"
        aria-label={`${caption}; difference ${points(difference)} points, 95 % interval ${points(low)} to ${points(high)}`}
      >
        {margin > 0 && <rect x={x(-margin)} y={4} width={x(margin) - x(-margin)} height={20} fill="var(--sunken)" />}
        <line x1={10} x2={wide - 10} y1={14} y2={14} stroke="var(--line)" />
        <line x1={middle} x2={middle} y1={2} y2={26} stroke="var(--ink-3)" strokeDasharray="3 3" />
        <line x1={x(low)} x2={x(high)} y1={14} y2={14} stroke={colour} strokeWidth={3} strokeLinecap="round" />
        <circle cx={x(difference)} cy={14} r={5.5} fill={colour} stroke="var(--surface)" strokeWidth={1.5} />
        <text x={difference > 0 ? 10 : wide - 10} y={38} textAnchor={difference > 0 ? "start" : "end"} fontSize={11} fill="var(--ink-3)">
          middle: like the champion
        </text>
        <text
          x={difference > 0 ? wide - 10 : 10}
          y={below}
          textAnchor={difference > 0 ? "end" : "start"}
          fontSize={11}
          fontWeight={600}
          fill={colour}
        >
          {points(difference)} points ({points(low)} to {points(high)})
        </text>
      </svg>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
