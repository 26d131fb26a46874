/* Where answers lie, how sure and how large they are, how many an image has. */
import { useState } from "react";
import type { Measurement } from "../api/types";
import { useRead } from "../api/use";
import { Bars } from "../design/charts/Bars";
import { Heat } from "../design/charts/Heat";
import { Histogram } from "../design/charts/Histogram";
import { Select } from "../design/controls";
import { count, percent, score } from "../design/format";
import { useBeside, useBoard } from "./board";
import css from "./monitoring.module.css";
import { list, num, nums, pairs, record } from "./read";
import { counted, Tile } from "./Tile";
import { binLinks } from "./TrafficTiles";

export function HeatmapTile() {
  const board = useBoard();
  const { name, labels, params, find } = board;
  const [chosen, setLabel] = useState("");
  const label = board.label || chosen;
  // The page brings the map of all labels; that of one is fetched when somebody chooses it.
  const one = useRead<Measurement>(
    label && !board.label ? `/deployments/${name}/metrics/heatmap` : null,
    { ...params, label },
    { every: 10_000 },
  );
  return (
    <Tile
      wide={3}
      metric="heatmap"
      title="Where"
      headline={(m) => !board.label && <LabelSwitch measure={m} label={label} onChange={setLabel} labels={labels} />}
    >
      {(m) => {
        const shown = board.label || !label ? m.value : one.data?.value;
        const typical = record(shown ?? m.value, "typical") as unknown as { asset?: string; width?: number; height?: number };
        return (
          <>
            <Heat
              side={num(m.value, "side") ?? 32}
              cells={pairs(shown, "cells")}
              asset={typical.asset ?? null}
              aspect={typical.width && typical.height ? typical.width / typical.height : 4 / 3}
              label={`Where ${label || "answers"} lie in the image`}
              linkOf={cellLinks(shown, find)}
            />
            <p className={css.foot}>{count(num(shown, "count"))} centres, over a typical image</p>
          </>
        );
      }}
    </Tile>
  );
}

/** Where the images of a cell are: queries stand beside the filled cells, in their order. */
function cellLinks(value: Record<string, unknown> | null | undefined, find: (query: string) => string) {
  const queries = list<string>(value, "cell_queries");
  const byCell = new Map(pairs(value, "cells").map(([cell], i) => [cell, queries[i]]));
  return (cell: number) => {
    const query = byCell.get(cell);
    return query ? find(query) : null;
  };
}

type SwitchProps = { measure: Measurement; label: string; onChange: (label: string) => void; labels: string[] };

function LabelSwitch({ measure, label, onChange, labels }: SwitchProps) {
  const found = Object.keys(record(measure.value, "labels"));
  const options = [...labels.filter((one) => found.includes(one)), ...found.filter((one) => !labels.includes(one))];
  return (
    <span className={css.small}>
      <Select
        aria-label="Label of the heatmap"
        value={label}
        onChange={(event) => onChange(event.target.value)}
        options={[{ value: "", title: "All labels" }, ...options.map((one) => ({ value: one, title: one }))]}
      />
    </span>
  );
}

export function ConfidenceTile({ wide = 3 }: { wide?: number }) {
  const { threshold, find } = useBoard();
  const other = useBeside("confidence");
  return (
    <Tile
      wide={wide}
      metric="confidence"
      file={counted}
      title="Confidence"
      headline={(m) => (
        <>
          {score(num(m.value, "mean"), 2)} <small>mean</small>
        </>
      )}
    >
      {(m) => {
        const bins = num(m.value, "bins") ?? 50;
        const name = (bin: number) => `${(bin / bins).toFixed(2)} – ${((bin + 1) / bins).toFixed(2)}`;
        return (
          <>
            <Histogram
              label="Answered detections by confidence"
              counts={nums(m.value, "counts")}
              from={0}
              to={1}
              mark={threshold}
              markName="threshold"
              unit={(value) => value.toFixed(1)}
              name={name}
              height={140}
              linkOf={binLinks(m.value, "bin_queries", find)}
            />
            <p className={css.foot}>
              Answers by confidence
              {other && `; ${other.name}: mean ${score(num(other.measure.value, "mean"), 2)}`}
            </p>
          </>
        );
      }}
    </Tile>
  );
}

export function PerImageTile() {
  const { find } = useBoard();
  const other = useBeside("detections_per_image");
  return (
    <Tile
      wide={3}
      metric="detections_per_image"
      file={counted}
      title="Per image"
      headline={(m) => (
        <>
          {score(num(m.value, "mean"), 1)} <small>answers</small>
        </>
      )}
    >
      {(m) => {
        const counts = nums(m.value, "counts");
        return (
          <>
            <Histogram
              label="Images by number of answers"
              counts={counts}
              from={0}
              to={Math.max(counts.length, 1)}
              unit={(value) => String(Math.round(value))}
              name={(n) => `${n} in an image`}
              ends={["0", counts.length > 1 ? String(counts.length - 1) : ""]}
              height={140}
              linkOf={binLinks(m.value, "count_queries", find)}
            />
            <p className={css.foot}>
              {percent(num(m.value, "empty_share"), 1)} of images have none
              {other && `; ${other.name}: ${score(num(other.measure.value, "mean"), 1)} on average`}
            </p>
          </>
        );
      }}
    </Tile>
  );
}

const SIZES = { small: "up to 32 × 32 px", medium: "up to 96 × 96 px", large: "larger" };

export function BoxSizeTile() {
  const { find } = useBoard();
  return (
    <Tile
      wide={3}
      metric="box_size"
      file={counted}
      title="Box size"
      headline={(m) => (
        <>
          {score(num(m.value, "median_side"), 0)} <small>px</small>
        </>
      )}
    >
      {(m) => {
        const sizes = record(m.value, "sizes") as unknown as Record<string, number>;
        const queries = record(m.value, "size_queries") as unknown as Record<string, string>;
        const total = Math.max(
          Object.values(sizes).reduce((sum, n) => sum + n, 0),
          1,
        );
        const rows = Object.entries(SIZES).map(([name, title]) => ({
          name: name.charAt(0).toUpperCase() + name.slice(1),
          now: sizes[name] ?? 0,
          text: percent((sizes[name] ?? 0) / total),
          title: `${title}: ${count(sizes[name] ?? 0)}`,
          to: queries[name] ? find(queries[name]) : null,
        }));
        return (
          <>
            <Bars label="Answers by size" rows={rows} top={total} />
            <Sides measure={m} />
            <p className={css.foot}>
              The middle box covers {percent(num(m.value, "median_share"), 1)} of its image; width : height{" "}
              {score(num(m.value, "median_ratio"), 2)}
            </p>
          </>
        );
      }}
    </Tile>
  );
}

type Bin = { up_to: number | null; count: number; query: string };

/** The square root of the area, eight bins per doubling, from the smallest to the largest that occurs. */
function Sides({ measure }: { measure: Measurement }) {
  const { find } = useBoard();
  const bins = ((measure.value?.sides ?? []) as Bin[]).filter((bin): bin is Bin & { up_to: number } => bin.up_to !== null);
  if (bins.length < 2) return null;
  const place = (edge: number) => Math.round(Math.log2(edge) * 8);
  const [first, last] = [place(bins[0].up_to), place(bins[bins.length - 1].up_to)];
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  for (const bin of bins) counts[place(bin.up_to) - first] += bin.count;
  const queries = new Map(bins.map((bin) => [place(bin.up_to) - first, bin.query]));
  const edge = (at: number) => 2 ** ((first + at) / 8);
  return (
    <Histogram
      label="Answers by the square root of their area"
      counts={counts}
      from={first - 1}
      to={last}
      unit={(at) => `${Math.round(2 ** (at / 8))} px`}
      name={(at) => `${Math.round(edge(at - 1))} – ${Math.round(edge(at))} px`}
      height={72}
      linkOf={(at) => {
        const query = queries.get(at);
        return query ? find(query) : null;
      }}
    />
  );
}
