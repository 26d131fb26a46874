/* A metric over time on the dashboard: zooms with all others, opens the images behind a point, has the other role beside it. */
import { useMemo } from "react";
import { useNavigate } from "react-router";
import type { Measurement } from "../api/types";
import { TimeChart } from "../design/charts/TimeChart";
import type { Band, Line } from "../design/charts/timeOptions";
import { useBeside, useBoard } from "./board";
import { column, str, times } from "./read";

type Shown = Omit<Line, "values"> & { of: string[] };

type Props = {
  measure: Measurement;
  label: string;
  lines: Shown[];
  /** Which number of the other role stands beside these lines. */
  beside?: string[];
  bands?: Band[];
  height?: number;
  floor?: number;
  top?: number;
  format?: (value: number) => string;
  tick?: (value: number) => string;
};

export function OverTime({ measure, label, lines, beside: wanted, ...rest }: Props) {
  const { zoom, span, find, dashboard } = useBoard();
  const other = useBeside(measure.metric);
  const navigate = useNavigate();
  const shown = wanted ? other : null;
  const { at, made } = useMemo(() => {
    const own = times(measure);
    const theirs = shown ? times(shown.measure) : [];
    const every = [...new Set([...own, ...theirs])].sort((a, b) => a - b);
    const spread = (at: number[], values: (number | null)[]) => {
      const known = new Map(at.map((time, i) => [time, values[i]]));
      return every.map((time) => known.get(time) ?? null);
    };
    const made: Line[] = lines.map(({ of, ...line }) => ({ ...line, values: spread(own, column(measure, ...of)) }));
    if (shown && wanted)
      made.push({ name: shown.name, colour: "--shadow-role", dashed: true, values: spread(theirs, column(shown.measure, ...wanted)) });
    return { at: every, made };
    // The lines are written in place on every tile; what they show changes with the measurements only.
    // eslint-disable-next-line react/exhaustive-deps
  }, [measure, shown?.measure]);
  const linkOf = (i: number) => {
    const point = measure.series.find((one) => Date.parse(String(one.t)) / 1000 === at[i]);
    const query = str(point, "query");
    return query ? find(query) : null;
  };
  const open = (i: number) => {
    const there = linkOf(i);
    if (there) void navigate(there);
  };
  return (
    <TimeChart
      label={label}
      times={at}
      lines={made}
      span={span}
      bucket={dashboard.bucket_s}
      onRange={zoom}
      onOpen={open}
      linkOf={linkOf}
      {...rest}
    />
  );
}

/** A share from 0 to 1, once there is more than one point of it. */
export function ShareOverTime({ digits = 3, height = 84, ...shown }: Props & { digits?: number }) {
  if (shown.measure.series.length < 2) return null;
  return <OverTime height={height} top={1} tick={(value) => value.toFixed(1)} format={(value) => value.toFixed(digits)} {...shown} />;
}
