/* A chart over time on a canvas (uPlot): hover reads all charts at once, dragging chooses a time range. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { theme } from "../colours";
import { short } from "../format";
import css from "./charts.module.css";
import { TableTwin } from "./TableTwin";

export type Line = { name: string; colour: string; values: (number | null)[]; as?: "line" | "bars" | "area"; dashed?: boolean };
export type Band = { high: number; low: number; colour: string };
type Props = {
  label: string;
  times: number[];
  lines: Line[];
  bands?: Band[];
  height?: number;
  floor?: number;
  top?: number;
  format?: (value: number) => string;
  /** How the axis writes a value; the unit stands in the headline. */
  tick?: (value: number) => string;
  /** What the axis spans, in seconds, so that charts of one page stand under each other. */
  span?: [number, number];
  onRange?: (from: number, to: number) => void;
};

const readable = (value: number | null | undefined, format: (value: number) => string) => (value === null || value === undefined ? "–" : format(value));

export function TimeChart({ label, times, lines, bands = [], height = 132, floor = 0, top, format = short, tick = short, span, onRange }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const range = useRef(onRange);
  useEffect(() => {
    range.current = onRange;
  });
  const shape = JSON.stringify([lines.map((line) => [line.name, line.colour, line.as, line.dashed]), bands, height, floor, top]);
  const across = useRef(span);
  useEffect(() => {
    across.current = span;
  });

  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(options(host.clientWidth, { height, floor, top, lines, bands, format, tick, span: () => across.current, pick: (a, b) => range.current?.(a, b) }), [[], ...lines.map(() => [])], host);
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height }));
    watch.observe(host);
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
    // The chart is rebuilt when its shape changes, and only refilled when its values do.
    // eslint-disable-next-line react/exhaustive-deps
  }, [shape]);

  useEffect(() => {
    chart.current?.setData([times, ...lines.map((line) => line.values)]);
  }, [times, lines, shape]);

  return (
    <figure className={css.figure} aria-label={label}>
      <div ref={place} className={css.uplot} style={{ height }} aria-hidden="true" />
      {lines.length > 1 && <Legend lines={lines} />}
      <TableTwin label={label} times={times} lines={lines} format={format} />
    </figure>
  );
}

function Legend({ lines }: { lines: Line[] }) {
  return (
    <ul className={css.legend} aria-hidden="true">
      {lines.map((line) => (
        <li key={line.name}>
          <span style={{ background: colour(line.colour) }} />
          {line.name}
        </li>
      ))}
    </ul>
  );
}

const colour = (name: string) => (name.startsWith("--") ? theme(name) : name);

type Look = Pick<Props, "lines" | "floor" | "top"> & { height: number; bands: Band[]; format: (value: number) => string; tick: (value: number) => string; span: () => [number, number] | undefined; pick: (from: number, to: number) => void };

function options(width: number, look: Look): uPlot.Options {
  const axis = { stroke: theme("--ink-3"), font: `11px ${theme("--font")}`, ticks: { show: false }, grid: { stroke: theme("--line"), width: 1 } };
  return {
    width,
    height: look.height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "dashboard" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
    scales: { x: { time: true, range: (_chart, low, high) => xRange(low, high, look.span()) }, y: { range: (_chart, low, high) => yRange(low, high, look) } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 70 },
      { ...axis, size: 34, space: 28, values: (_chart, ticks) => ticks.map((tick) => look.tick(tick)) },
    ],
    series: [{}, ...look.lines.map((line) => series(line))],
    bands: look.bands.map((band) => ({ series: [band.high, band.low], fill: soft(band.colour) })),
    hooks: {
      setSelect: [
        (chart) => {
          if (chart.select.width < 4) return;
          const from = chart.posToVal(chart.select.left, "x");
          const to = chart.posToVal(chart.select.left + chart.select.width, "x");
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          look.pick(from, to);
        },
      ],
    },
    plugins: [tip(look)],
  };
}

function xRange(low: number | null, high: number | null, span?: [number, number]): [number, number] {
  if (span) return span;
  return low === null || high === null || low === high ? [(low ?? 0) - 1800, (low ?? 0) + 1800] : [low, high];
}

function yRange(low: number | null, high: number | null, look: Look): [number, number] {
  const bottom = look.floor ?? low ?? 0;
  const top = look.top ?? (high === null || high <= bottom ? bottom + 1 : high + (high - bottom) * 0.08);
  return [bottom, top];
}

function soft(name: string): string {
  return `color-mix(in srgb, ${colour(name)} 16%, transparent)`;
}

function series(line: Line): uPlot.Series {
  const stroke = colour(line.colour);
  if (line.as === "bars") return { stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.74, 14], align: 1 }) };
  return { stroke, width: 1.5, spanGaps: true, dash: line.dashed ? [4, 3] : undefined, fill: line.as === "area" ? soft(line.colour) : undefined, points: { show: (chart) => (chart.data[0]?.length ?? 0) < 3, size: 5, fill: stroke } };
}

/** The small box that reads the values under the pointer. */
function tip(look: Look): uPlot.Plugin {
  let box: HTMLDivElement;
  return {
    hooks: {
      init: (chart) => {
        box = document.createElement("div");
        box.className = css.tip;
        box.hidden = true;
        chart.over.append(box);
      },
      setCursor: (chart) => {
        const at = chart.cursor.idx;
        const hovered = chart.over.matches(":hover");
        box.hidden = at === null || at === undefined || !hovered || !chart.data[0].length;
        if (box.hidden || at === null || at === undefined) return;
        const time = new Date((chart.data[0][at] as number) * 1000);
        const rows = look.lines.map((line, i) => `${line.name}: ${readable(chart.data[i + 1][at] as number | null, look.format)}`);
        box.textContent = [time.toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }), ...rows].join("\n");
        const left = chart.cursor.left ?? 0;
        box.style.transform = left > chart.over.clientWidth / 2 ? `translate(${left - box.offsetWidth - 10}px, 4px)` : `translate(${left + 10}px, 4px)`;
      },
    },
  };
}
