/* A chart over time on a canvas (uPlot): hover reads all charts at once, dragging chooses a time range. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { short } from "../format";
import { useScheme } from "../useScheme";
import css from "./charts.module.css";
import { TableTwin } from "./TableTwin";
import { colour, options, type Band, type Line } from "./timeOptions";

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
  /** A click on a point: the bucket it stands for. */
  onOpen?: (from: number, to: number) => void;
};

export function TimeChart({
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
  onRange,
  onOpen,
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const scheme = useScheme();
  const opens = useRef(onOpen);
  const range = useRef(onRange);
  useEffect(() => {
    range.current = onRange;
    opens.current = onOpen;
  });
  const shape = JSON.stringify([lines.map((line) => [line.name, line.colour, line.as, line.dashed]), bands, height, floor, top, scheme]);
  const across = useRef(span);
  useEffect(() => {
    across.current = span;
  });

  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(
      options(host.clientWidth, {
        height,
        floor,
        top,
        lines,
        bands,
        format,
        tick,
        span: () => across.current,
        pick: (a, b) => range.current?.(a, b),
        open: (a, b) => opens.current?.(a, b),
      }),
      [[], ...lines.map(() => [])],
      host,
    );
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
