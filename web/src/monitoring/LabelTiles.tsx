/* What is found: each label over time, and beside the training data; how often each label occurs in reviewed images. */
import { useMemo } from "react";
import { Bars } from "../design/charts/Bars";
import { labelColour } from "../design/colours";
import { count, percent, score } from "../design/format";
import type { Measurement } from "../api/types";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { OverTime } from "./OverTime";
import { num, record, str } from "./read";
import { counted, Tile } from "./Tile";

const MOST = 8;
const MOST_LINES = 6;

type Row = [string, Record<string, unknown>];

function byCount(measure: Measurement): Row[] {
  return Object.entries(record(measure.value, "labels")).sort(([, a], [, b]) => (num(b, "count") ?? 0) - (num(a, "count") ?? 0));
}

export function LabelsTile() {
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
      {(m) => <LabelsOverTime measure={m} />}
    </Tile>
  );
}

function LabelsOverTime({ measure }: { measure: Measurement }) {
  const { labels } = useBoard();
  const names = byCount(measure).map(([name]) => name);
  const flat = useMemo(
    () => ({
      ...measure,
      series: measure.series.map((point) => ({ ...(point.labels as Record<string, unknown>), t: point.t, query: point.query })),
    }),
    [measure],
  );
  const shown = names.slice(0, MOST_LINES);
  return (
    <>
      <OverTime
        // The lines are other ones when another label is among the most frequent.
        key={shown.join()}
        measure={flat}
        label="Answers of each label over time"
        lines={shown.map((name) => ({ name, colour: labelColour(name, labels), of: [name] }))}
      />
      {names.length > MOST_LINES && (
        <p className={css.foot}>
          The {MOST_LINES} most frequent of {names.length} labels
        </p>
      )}
    </>
  );
}

/** All answers of the window by label, beside the annotations of the training data. */
export function MixTile({ wide = 4 }: { wide?: number }) {
  const { labels, find } = useBoard();
  return (
    <Tile metric="label_distribution" title="Label mix" wide={wide} headline={(m) => <Apart measure={m} />} file={counted}>
      {(m) => {
        const rows = byCount(m);
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
                usualText: percent(num(row, "training_share")),
                title: `${count(num(row, "count"))} now${num(row, "training_share") === null ? "" : `, ${percent(num(row, "training_share"))} in the training data`}`,
                to: num(row, "images") ? linkTo(row, find) : null,
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

function Apart({ measure }: { measure: Measurement }) {
  const distance = num(measure.value, "distance");
  if (distance === null || !byCount(measure).some(([, row]) => num(row, "training_share") !== null)) return null;
  return (
    <>
      {score(distance, 2)} <small>from training</small>
    </>
  );
}

export function linkTo(row: Record<string, unknown>, find: (query: string) => string): string | null {
  const query = str(row, "query");
  return query ? find(query) : null;
}

/** How often each label occurs: what reviews say, and where there is none, what was answered. */
export function SupportTile({ wide = 4 }: { wide?: number }) {
  const { labels, find } = useBoard();
  return (
    <Tile
      metric="support"
      file={counted}
      title="Occurrence"
      wide={wide}
      headline={(m) => (
        <>
          {count(num(m.value, "reviewed"))} <small>of {count(num(m.value, "total"))} reviewed</small>
        </>
      )}
    >
      {(m) => {
        const rows = byCount(m);
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
                to: linkTo(row, find),
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
