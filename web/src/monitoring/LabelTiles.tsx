/* What is found, against the training data, and where in the image. */
import { useState } from "react";
import type { Measurement } from "../api/types";
import { useRead } from "../api/use";
import { Bars } from "../design/charts/Bars";
import { Heat } from "../design/charts/Heat";
import { labelColour } from "../design/colours";
import { Select } from "../design/controls";
import { count, percent } from "../design/format";
import css from "./monitoring.module.css";
import { num, pairs, record } from "./read";
import { Tile, useBoard } from "./Tile";

const MOST = 8;

export function LabelsTile() {
  const { labels } = useBoard();
  return (
    <Tile
      metric="label_distribution"
      title="Labels"
      headline={(m) => (
        <>
          {count(num(m.value, "total"))} <small>found</small>
        </>
      )}
    >
      {(m) => {
        const rows = Object.entries(record(m.value, "labels")).sort(([, a], [, b]) => (num(b, "count") ?? 0) - (num(a, "count") ?? 0));
        const trained = rows.some(([, row]) => num(row, "training_share") !== null);
        return (
          <>
            <Bars
              label="Share of each label"
              rows={rows.slice(0, MOST).map(([name, row]) => ({
                name,
                now: num(row, "share"),
                usual: num(row, "training_share"),
                colour: labelColour(name, labels),
                text: percent(num(row, "share")),
                title: `${count(num(row, "count"))} now${num(row, "training_share") === null ? "" : `, ${percent(num(row, "training_share"))} in the training data`}`,
              }))}
            />
            <p className={css.foot}>
              {rows.length > MOST && `${rows.length - MOST} more labels. `}
              {trained ? "Thin grey bars: the training data" : "The training data will stand beside it, once chosen"}
            </p>
          </>
        );
      }}
    </Tile>
  );
}

/** How often each label occurs: what reviews say, and where there is none, what was answered. */
export function SupportTile() {
  const { labels } = useBoard();
  return (
    <Tile
      metric="support"
      title="Occurrence"
      wide={6}
      headline={(m) => (
        <>
          {count(num(m.value, "reviewed"))} <small>of {count(num(m.value, "total"))} reviewed</small>
        </>
      )}
    >
      {(m) => {
        const rows = Object.entries(record(m.value, "labels")).sort(([, a], [, b]) => (num(b, "count") ?? 0) - (num(a, "count") ?? 0));
        return (
          <>
            <Bars
              label="Share of the images that have each label"
              rows={rows.slice(0, MOST).map(([name, row]) => ({
                name,
                now: num(row, "share"),
                colour: labelColour(name, labels),
                text: percent(num(row, "share")),
                title: `${count(num(row, "count"))} images, ${count(num(row, "reviewed"))} of them reviewed`,
              }))}
            />
            <p className={css.foot}>
              {rows.length > MOST && `${rows.length - MOST} more labels. `}
              What reviews say, and where there is none, what was answered
            </p>
          </>
        );
      }}
    </Tile>
  );
}

export function HeatmapTile() {
  const { name, labels, params } = useBoard();
  const [label, setLabel] = useState("");
  // The page brings the map of all labels; that of one is fetched when somebody chooses it.
  const one = useRead<Measurement>(label ? `/deployments/${name}/metrics/heatmap` : null, { ...params, label }, { every: 10_000 });
  return (
    <Tile
      wide={3}
      metric="heatmap"
      title="Where"
      headline={(m) => <LabelSwitch measure={m} label={label} onChange={setLabel} labels={labels} />}
    >
      {(m) => {
        const shown = label ? one.data?.value : m.value;
        const typical = record(shown ?? m.value, "typical") as unknown as Frame;
        return (
          <>
            <Heat
              side={num(m.value, "side") ?? 32}
              cells={pairs(shown, "cells")}
              asset={typical.asset ?? null}
              aspect={typical.width && typical.height ? typical.width / typical.height : 4 / 3}
              label={`Where ${label || "detections"} lie in the image`}
            />
            <p className={css.foot}>{count(num(shown, "count"))} centres, over a typical image</p>
          </>
        );
      }}
    </Tile>
  );
}

type Frame = { asset?: string; width?: number; height?: number };

function LabelSwitch({
  measure,
  label,
  onChange,
  labels,
}: {
  measure: Measurement;
  label: string;
  onChange: (label: string) => void;
  labels: string[];
}) {
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
