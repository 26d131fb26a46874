/* A chart over time on a canvas (uPlot): hover reads all charts at once, dragging chooses a time range, the keyboard does both too. */
import { useEffect, useRef, type HTMLAttributes } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Cut } from "../Cut";
import { moment, short, utc } from "../format";
import { useScheme } from "../useScheme";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { colour, options, readable, type Band, type Line } from "./timeOptions";
import { Twin } from "./Twin";
import { useWalk, type Walk } from "./useWalk";

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
  /** How many seconds a point stands for. */
  bucket?: number;
  onRange?: (from: number, to: number) => void;
  /** A click on a point, by its place. */
  onOpen?: (at: number) => void;
  /** Where the images behind a point are; null: nowhere. */
  linkOf?: (at: number) => string | null;
};

export function TimeChart(props: Props) {
  return useAsTable() ? <AsRows {...props} /> : <OnCanvas {...props} />;
}

function AsRows({ label, times, lines, format = short, linkOf }: Props) {
  const rows = times.map((time, i) => {
    const at = new Date(time * 1000);
    return {
      cells: [moment(at), ...lines.map((line) => readable(line.values[i], format))],
      title: utc(at),
      to: linkOf?.(i) ?? undefined,
    };
  });
  return <Twin label={label} head={["Time", ...lines.map((line) => line.name)]} rows={rows.toReversed()} />;
}

function OnCanvas(props: Props) {
  const {
    label,
    times,
    lines,
    bands = [],
    height = 132,
    floor = 0,
    top,
    format = short,
    tick = short,
    span,
    bucket = 0,
    onRange,
    onOpen,
  } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const scheme = useScheme();
  const latest = useRef({ onOpen, onRange, span });
  useEffect(() => {
    latest.current = { onOpen, onRange, span };
  });
  const shape = JSON.stringify([lines.map((line) => [line.name, line.colour, line.as, line.dashed]), bands, height, floor, top, scheme]);

  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const look = {
      height,
      floor,
      top,
      lines,
      bands,
      format,
      tick,
      span: () => latest.current.span,
      pick: (a: number, b: number) => latest.current.onRange?.(a, b),
      open: (at: number) => latest.current.onOpen?.(at),
    };
    const made = new uPlot(options(host.clientWidth, look), [[], ...lines.map(() => [])], host);
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

  const [from, to] = span ?? [0, 0];
  useEffect(() => {
    chart.current?.setData([times, ...lines.map((line) => line.values)]);
  }, [times, lines, shape, from, to]);

  const tell = (at: number) =>
    [moment(new Date(times[at] * 1000)), ...lines.map((line) => `${line.name} ${readable(line.values[at], format)}`)].join(", ");
  const choose = (first: number, last: number) => onRange?.(times[first], times[last] + bucket);
  const { walk, props: walking } = useWalk({ label, count: times.length, tell, open: onOpen, choose });
  useEffect(() => shown(chart.current, walk, times), [walk, times]);

  return (
    <figure className={css.figure}>
      <div ref={place} className={css.uplot} style={{ height }} {...(walking as HTMLAttributes<HTMLDivElement>)} />
      {lines.length > 1 && <Legend lines={lines} />}
    </figure>
  );
}

/** Puts the chart's cursor where the keyboard stands, and marks the stretch that is chosen. */
function shown(chart: uPlot | null, { at, from }: Walk, times: number[]): void {
  if (!chart || at === null || times[at] === undefined) return;
  const left = chart.valToPos(times[at], "x");
  chart.setCursor({ left, top: 0 });
  const begun = from === null ? left : chart.valToPos(times[from], "x");
  const stretch = { left: Math.min(left, begun), top: 0, width: Math.abs(left - begun), height: chart.over.clientHeight };
  chart.setSelect(stretch, false);
}

function Legend({ lines }: { lines: Line[] }) {
  return (
    <ul className={css.legend} aria-hidden="true">
      {lines.map((line) => (
        <li key={line.name}>
          <span style={{ background: colour(line.colour) }} />
          <Cut>{line.name}</Cut>
        </li>
      ))}
    </ul>
  );
}
