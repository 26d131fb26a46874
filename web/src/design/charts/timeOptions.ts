/* How a time chart looks and answers to the pointer, in uPlot's terms. */
import uPlot from "uplot";
import { theme } from "../colours";
import { moment, tickTime, utc } from "../format";
import css from "./charts.module.css";
import { isolated, longestPause } from "./pauses";

export type Line = {
  name: string;
  colour: string;
  values: (number | null)[];
  as?: "line" | "bars" | "area";
  dashed?: boolean;
};
export type Band = { high: number; low: number; colour: string };

export const colour = (name: string) => (name.startsWith("--") ? theme(name) : name);

export const readable = (value: number | null | undefined, format: (value: number) => string) =>
  value === null || value === undefined ? "–" : format(value);

export type Look = {
  lines: Line[];
  floor?: number;
  top?: number;
  height: number;
  bands: Band[];
  format: (value: number) => string;
  tick: (value: number) => string;
  span: () => [number, number] | undefined;
  pick: (from: number, to: number) => void;
  open: (at: number) => void;
};

export function options(width: number, look: Look): uPlot.Options {
  // A drag is seen on all charts that read together; only the one under the hand chooses, and once.
  let dragged = false;
  const axis = {
    stroke: theme("--ink-3"),
    font: `11px ${theme("--font")}`,
    ticks: { show: false },
    grid: { stroke: theme("--line"), width: 1 },
  };
  return {
    width,
    height: look.height,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "dashboard" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
    scales: {
      x: { time: true, range: (_chart, low, high) => xRange(low, high, look.span()) },
      y: { range: (_chart, low, high) => yRange(low, high, look) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 70,
        values: (_chart, ticks, _axis, _space, step) => ticks.map((tick) => tickTime(new Date(tick * 1000), step)),
      },
      { ...axis, size: 40, space: 28, incrs: steps, values: (_chart, ticks) => ticks.map((tick) => look.tick(tick)) },
    ],
    series: [{}, ...look.lines.map((line) => series(line))],
    bands: look.bands.map((band) => ({ series: [band.high, band.low], fill: soft(band.colour) })),
    hooks: {
      setSelect: [
        (chart) => {
          if (!dragged || chart.select.width < 4) return;
          dragged = false;
          const from = chart.posToVal(chart.select.left, "x");
          const to = chart.posToVal(chart.select.left + chart.select.width, "x");
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          look.pick(from, to);
        },
      ],
    },
    plugins: [tip(look), opening(look), { hooks: { init: (chart) => underHand(chart, (on) => (dragged = on)) } }],
  };
}

/** From pressing a chart until its selection is taken, or until the press turns out to be a click. */
function underHand(chart: uPlot, tell: (on: boolean) => void): void {
  chart.over.addEventListener("mousedown", () => tell(true));
  chart.over.addEventListener("click", () => tell(false));
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

const STEPS = Array.from({ length: 22 }, (_, i) => 10 ** (i - 9)).flatMap((power) => [power, 2 * power, 5 * power]);
const WHOLE_STEPS = STEPS.filter((step) => step >= 1);

/** How far ticks may be apart: where only whole numbers are drawn, there is no half image. */
function steps(chart: uPlot): number[] {
  const drawn = chart.data.slice(1) as Values[];
  return drawn.every((values) => Array.from(values).every((value) => Number.isInteger(value ?? 0))) ? WHOLE_STEPS : STEPS;
}

function soft(name: string): string {
  return `color-mix(in srgb, ${colour(name)} 16%, transparent)`;
}

function series(line: Line): uPlot.Series {
  const stroke = colour(line.colour);
  if (line.as === "bars")
    return { stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.74, 14], align: 1 }) };
  return {
    stroke,
    width: 1.5,
    spanGaps: false,
    gaps: silences,
    dash: line.dashed ? [4, 3] : undefined,
    fill: line.as === "area" ? soft(line.colour) : undefined,
    points: { show: true, size: 5, fill: stroke, filter: (chart, at, show) => (show ? alone(chart, at) : null) },
  };
}

type Values = ArrayLike<number | null | undefined>;

/** Where nothing came for long, a line has a gap: it does not claim what nobody measured. */
function silences(chart: uPlot, at: number, first: number, last: number): uPlot.Series.Gaps {
  const [times, values] = [chart.data[0], chart.data[at] as Values];
  const pause = longestPause(times);
  const found: uPlot.Series.Gaps = [];
  let before = -1;
  for (let i = first; i <= last; i += 1) {
    if (values[i] === null || values[i] === undefined) continue;
    if (before >= 0 && times[i] - times[before] > pause) {
      found.push([Math.round(chart.valToPos(times[before], "x", true)), Math.round(chart.valToPos(times[i], "x", true))]);
    }
    before = i;
  }
  return found;
}

/** Points without a neighbour would be invisible as a line. */
function alone(chart: uPlot, at: number): number[] {
  return isolated(chart.data[0], chart.data[at] as Values);
}

/** The small box that reads the values under the pointer, or where the keyboard stands. */
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
        const looked = chart.over.matches(":hover") || chart.root.parentElement?.matches(":focus-visible");
        box.hidden = at === null || at === undefined || !looked || !chart.data[0].length;
        if (box.hidden || at === null || at === undefined) return;
        const time = new Date((chart.data[0][at] as number) * 1000);
        const rows = look.lines.map((line, i) => `${line.name}: ${readable(chart.data[i + 1][at] as number | null, look.format)}`);
        box.textContent = [moment(time), utc(time), ...rows].join("\n");
        const left = chart.cursor.left ?? 0;
        box.style.transform =
          left > chart.over.clientWidth / 2 ? `translate(${left - box.offsetWidth - 10}px, 4px)` : `translate(${left + 10}px, 4px)`;
      },
    },
  };
}

/** A click that was no drag opens the point under the pointer. */
function opening(look: Look): uPlot.Plugin {
  let pressedAt = 0;
  return {
    hooks: {
      init: (chart) => {
        chart.over.addEventListener("mousedown", (event) => (pressedAt = event.clientX));
        chart.over.addEventListener("click", (event) => {
          const at = chart.cursor.idx;
          if (Math.abs(event.clientX - pressedAt) > 3 || at === null || at === undefined || chart.data[0].length === 0) return;
          look.open(at);
        });
      },
    },
  };
}
