/* Counts over bins of equal width on the page, with an optional mark (a threshold, a limit); a bar opens the images it counts. */
import type { HTMLAttributes } from "react";
import { useNavigate } from "react-router";
import { count as figure } from "../format";
import { useWidth } from "../useWidth";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { Twin } from "./Twin";
import { useWalk } from "./useWalk";

type Props = {
  counts: number[];
  from: number;
  to: number;
  mark?: number;
  markName?: string;
  label: string;
  height?: number;
  unit?: (value: number) => string;
  /** What stands at the two ends of the axis. */
  ends?: [string, string];
  /** What a bin is called; by itself its ends. */
  name?: (bin: number) => string;
  /** Where the images of a bin are; null: nowhere. */
  linkOf?: (bin: number) => string | null;
};

/** About so wide is the name of a mark, in px. */
const NAME = 64;

export function Histogram(props: Props) {
  return useAsTable() ? <AsRows {...props} /> : <Drawn {...props} />;
}

function named({ counts, from, to, unit = String, name }: Props): (bin: number) => string {
  const end = (bin: number) => unit(from + ((to - from) * bin) / counts.length);
  return name ?? ((bin) => `${end(bin)} – ${end(bin + 1)}`);
}

function AsRows(props: Props) {
  const title = named(props);
  const rows = props.counts.map((n, i) => ({ cells: [title(i), figure(n)], to: props.linkOf?.(i) ?? undefined }));
  return <Twin label={props.label} head={["Bin", "Count"]} rows={rows} />;
}

function Drawn(props: Props) {
  const { counts, from, to, mark, markName, label, height = 96, unit = String, ends, linkOf } = props;
  const [place, wide] = useWidth<SVGSVGElement>();
  const navigate = useNavigate();
  const title = named(props);
  const open = (bin: number) => {
    const there = linkOf?.(bin);
    if (there) void navigate(there);
  };
  const opens = (bin: number) => counts[bin] > 0 && Boolean(linkOf?.(bin));
  const { walk, props: walking } = useWalk({ label, count: counts.length, tell: (i) => `${title(i)}: ${figure(counts[i])}`, open });
  const tall = height - 18;
  const top = Math.max(...counts, 1);
  const step = wide / Math.max(counts.length, 1);
  const at = mark === undefined ? null : ((mark - from) / (to - from)) * wide;
  // The mark's name stands where the bars are lower.
  const tallest = (left: number, right: number) => Math.max(0, ...counts.filter((_, i) => (i + 1) * step > left && i * step < right));
  const before = at !== null && at > NAME && (at + NAME > wide || tallest(at - NAME, at) < tallest(at, at + NAME));
  return (
    <svg
      ref={place}
      className={css.histogram}
      height={height}
      viewBox={`0 0 ${wide} ${height}`}
      {...(walking as HTMLAttributes<SVGSVGElement>)}
    >
      <line x1={0} x2={wide} y1={tall} y2={tall} stroke="var(--line-strong)" />
      {counts.map((n, i) => {
        const bar = n > 0 ? Math.max((n / top) * (tall - 4), 1) : 0;
        const silent = at !== null && (i + 0.5) * step < at;
        return (
          <g key={i} className={css.bin} data-opens={opens(i)} data-here={walk.at === i} onClick={() => open(i)}>
            <rect x={i * step} y={0} width={step} height={tall} fill="transparent" />
            <rect
              x={i * step + 0.5}
              y={tall - bar}
              width={Math.max(step - 1, 0.6)}
              height={bar}
              fill={silent ? "var(--usual)" : "var(--now)"}
            />
            <title>{`${title(i)}: ${figure(n)}`}</title>
          </g>
        );
      })}
      {at !== null && <line x1={at} x2={at} y1={0} y2={tall} stroke="var(--ink-2)" strokeDasharray="3 3" />}
      {at !== null && markName && walk.at === null && (
        <text x={before ? at - 4 : at + 4} y={10} textAnchor={before ? "end" : "start"}>
          {markName}
        </text>
      )}
      {walk.at !== null && (
        <text className={css.read} x={wide / 2} y={10} textAnchor="middle">
          {`${title(walk.at)}: ${figure(counts[walk.at])}`}
        </text>
      )}
      <text x={0} y={height - 3}>
        {ends?.[0] ?? unit(from)}
      </text>
      <text x={wide} y={height - 3} textAnchor="end">
        {ends?.[1] ?? unit(to)}
      </text>
    </svg>
  );
}
