/* What is found, against the training data, and where in the image. */
import { useState } from "react";
import type { Measurement, Page as Items, Prediction } from "../api/types";
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

export function HeatmapTile() {
  const { name, labels } = useBoard();
  const [label, setLabel] = useState("");
  const latest = useRead<Items<Prediction>>(`/deployments/${name}/predictions`, { limit: 1, sort: "-taken_at" }, { every: 30_000 });
  const typical = latest.data?.items[0];
  return (
    <Tile
      wide={3}
      metric="heatmap"
      title="Where"
      headline={(m) => <LabelSwitch measure={m} label={label} onChange={setLabel} labels={labels} />}
    >
      {(m) => {
        const shown = label ? record(m.value, "labels")[label] : m.value;
        return (
          <>
            <Heat
              side={num(m.value, "side") ?? 32}
              cells={pairs(shown, "cells")}
              asset={typical?.asset ?? null}
              aspect={typical ? typical.width / typical.height : 4 / 3}
              label={`Where ${label || "detections"} lie in the image`}
            />
            <p className={css.foot}>{count(num(shown, "count"))} centres, over the latest image</p>
          </>
        );
      }}
    </Tile>
  );
}

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
