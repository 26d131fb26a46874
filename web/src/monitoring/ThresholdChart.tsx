/* Precision, recall and F1 at every threshold, each with what the reviews leave open; press or drag to choose. */
import type { KeyboardEvent, PointerEvent } from "react";
import type { RateCurve, ThresholdAdvice, Thresholds } from "../api/types";
import { useWidth } from "../design/useWidth";
import css from "./threshold.module.css";
import { placeOf, rateAt, rateText, runs } from "./thresholds";

const HEIGHT = 190;
const TOP = 8;
const FOOT = 24;
const LINES = [
  { name: "Precision", key: "precision", colour: "var(--ink)", dash: undefined },
  { name: "Recall", key: "recall", colour: "var(--ink-2)", dash: "5 4" },
  { name: "F1", key: "f1", colour: "var(--now)", dash: undefined },
] as const;
const y = (value: number) => TOP + (1 - value) * (HEIGHT - TOP - FOOT);

type Props = { found: Thresholds; advice: ThresholdAdvice | null; at: number; choose: (at: number) => void };

export function ThresholdChart({ found, advice, at, choose }: Props) {
  const [place, wide] = useWidth<SVGSVGElement>(600);
  const x = (threshold: number) => 26 + threshold * (wide - 34);
  const known = found.f1.value.some((value) => value !== null);
  const point = (event: PointerEvent<SVGSVGElement>) => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const { left } = event.currentTarget.getBoundingClientRect();
    choose(Math.round(Math.min(Math.max((event.clientX - left - 26) / (wide - 34), 0), 1) * 100) / 100);
  };
  const key = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    choose(Math.round(Math.min(Math.max(at + by, 0), 1) * 100) / 100);
  };
  return (
    <figure className={css.chart}>
      <svg
        ref={place}
        height={HEIGHT}
        viewBox={`0 0 ${wide} ${HEIGHT}`}
        role="slider"
        tabIndex={0}
        aria-label="Threshold on the curves of precision, recall and F1"
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={at}
        onPointerDown={point}
        onPointerMove={point}
        onKeyDown={key}
      >
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line x1={26} x2={wide - 8} y1={y(part)} y2={y(part)} stroke="var(--line)" />
            <text x={20} y={y(part) + 4} textAnchor="end">
              {part * 100}
            </text>
            <text x={x(part)} y={HEIGHT - 6} textAnchor={part === 1 ? "end" : "middle"}>
              {part}
            </text>
          </g>
        ))}
        {advice && (
          <rect
            x={x(advice.lower)}
            width={Math.max(x(advice.upper) - x(advice.lower), 2)}
            y={y(0) - 4}
            height={4}
            rx={2}
            fill="var(--ok)"
          />
        )}
        {LINES.map((line) => (
          <Line key={line.key} curve={found[line.key]} found={found} x={x} colour={line.colour} dash={line.dash} />
        ))}
        <line x1={x(found.threshold)} x2={x(found.threshold)} y1={TOP} y2={y(0)} stroke="var(--ink-3)" strokeDasharray="3 3" />
        <line x1={x(at)} x2={x(at)} y1={TOP} y2={y(0)} stroke="var(--now)" strokeWidth={2} />
        <circle cx={x(at)} cy={y(0)} r={5} fill="var(--now)" stroke="var(--surface)" strokeWidth={1.5} />
        {!known && (
          <text x={wide / 2} y={HEIGHT / 2 - 6} textAnchor="middle" className={css.none}>
            No random check of this version yet
          </text>
        )}
      </svg>
      <figcaption>
        {LINES.map((line) => (
          <span key={line.key}>
            <svg width={18} height={8} aria-hidden="true">
              <line x1={0} x2={18} y1={4} y2={4} stroke={line.colour} strokeWidth={2} strokeDasharray={line.dash} />
            </svg>
            {line.name}
          </span>
        ))}
        {advice && (
          <span>
            <i /> as good as the reviews can tell
          </span>
        )}
        <span className={css.from}>from {found.reviews.toLocaleString("en-US")} random checks, in percent</span>
      </figcaption>
      <Twin found={found} />
    </figure>
  );
}

type LineProps = { curve: RateCurve; found: Thresholds; x: (threshold: number) => number; colour: string; dash?: string };

function Line({ curve, found, x, colour, dash }: LineProps) {
  const spot = (values: readonly (number | null)[], [i, value]: [number, number]) => `${x(found.thresholds[i])},${y(values[i] ?? value)}`;
  return (
    <g>
      {runs(curve.lower).map((run) => (
        <polygon
          key={run[0][0]}
          points={[...run.map((one) => spot(curve.lower, one)), ...run.toReversed().map((one) => spot(curve.upper, one))].join(" ")}
          fill={colour}
          fillOpacity={0.09}
        />
      ))}
      {runs(curve.value).map((run) => (
        <polyline
          key={run[0][0]}
          points={run.map((one) => spot(curve.value, one)).join(" ")}
          fill="none"
          stroke={colour}
          strokeWidth={1.8}
          strokeDasharray={dash}
        />
      ))}
    </g>
  );
}

function Twin({ found }: { found: Thresholds }) {
  return (
    <div className="visually-hidden">
      <table>
        <caption>Precision, recall and F1 by threshold</caption>
        <thead>
          <tr>
            {["Threshold", ...LINES.map((line) => line.name)].map((title) => (
              <th key={title}>{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.thresholds
            .filter((_, i) => i % 5 === 4)
            .map((threshold) => (
              <tr key={threshold}>
                <td>{threshold}</td>
                {LINES.map((line) => (
                  <td key={line.key}>{rateText(rateAt(found[line.key], placeOf(found.thresholds, threshold)))}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
