/* Volume, latency, confidence, detections per image and image size: what every image says by itself. */
import { TimeChart } from "../design/charts/TimeChart";
import { Histogram } from "../design/charts/Histogram";
import { Bars } from "../design/charts/Bars";
import { count, milliseconds, percent, score } from "../design/format";
import css from "./monitoring.module.css";
import { column, num, nums, record, times } from "./read";
import { Tile, useBoard } from "./Tile";

export function VolumeTile() {
  const { zoom, open, span } = useBoard();
  return (
    <Tile
      metric="volume"
      title="Volume"
      headline={(m) => (
        <>
          {count(num(m.value, "images") ?? m.count)} <small>images</small>
        </>
      )}
    >
      {(m) => (
        <TimeChart
          label="Images over time"
          times={times(m)}
          lines={[{ name: "Images", colour: "--now", as: "bars", values: column(m, "images", "count") }]}
          span={span}
          onRange={zoom}
          onOpen={open}
        />
      )}
    </Tile>
  );
}

export function LatencyTile() {
  const { zoom, open, span } = useBoard();
  return (
    <Tile
      metric="latency"
      title="Latency"
      headline={(m) => (
        <>
          {milliseconds(num(m.value, "p50"))} <small>median · p95 {milliseconds(num(m.value, "p95"))}</small>
        </>
      )}
    >
      {(m) => (
        <TimeChart
          label="Latency over time"
          times={times(m)}
          format={milliseconds}
          lines={[
            { name: "p99", colour: "--usual", values: column(m, "p99"), dashed: true },
            { name: "p95", colour: "--warn-strong", values: column(m, "p95") },
            { name: "median", colour: "--now", values: column(m, "p50") },
          ]}
          bands={[{ high: 2, low: 3, colour: "--now" }]}
          span={span}
          onRange={zoom}
          onOpen={open}
        />
      )}
    </Tile>
  );
}

export function ConfidenceTile({ wide = 3 }: { wide?: number }) {
  const { threshold } = useBoard();
  return (
    <Tile
      wide={wide}
      metric="confidence"
      title="Confidence"
      headline={(m) => (
        <>
          {score(num(m.value, "mean"), 2)} <small>mean</small>
        </>
      )}
    >
      {(m) => (
        <>
          <Histogram
            label="Answered detections by confidence"
            counts={nums(m.value, "counts")}
            from={0}
            to={1}
            mark={threshold}
            markName="threshold"
            unit={(value) => value.toFixed(1)}
            height={140}
          />
          <p className={css.foot}>Answered detections by confidence</p>
        </>
      )}
    </Tile>
  );
}

export function PerImageTile() {
  return (
    <Tile
      wide={3}
      metric="detections_per_image"
      title="Per image"
      headline={(m) => (
        <>
          {score(num(m.value, "mean"), 1)} <small>detections</small>
        </>
      )}
    >
      {(m) => {
        const counts = nums(m.value, "counts");
        return (
          <>
            <Histogram
              label="Images by number of detections"
              counts={counts}
              from={0}
              to={Math.max(counts.length, 1)}
              unit={(value) => String(Math.round(value))}
              height={140}
            />
            <p className={css.foot}>{percent(num(m.value, "empty_share"), 1)} of images have none</p>
          </>
        );
      }}
    </Tile>
  );
}

export function ImageSizeTile({ wide = 3 }: { wide?: number }) {
  return (
    <Tile wide={wide} metric="image_size" title="Image size" headline={(m) => <Median value={m.value} />}>
      {(m) => {
        const ratios = Object.entries(record(m.value, "ratios") as unknown as Record<string, number>).filter(([, n]) => n > 0);
        const total = ratios.reduce((sum, [, n]) => sum + n, 0);
        return (
          <>
            <Bars
              label="Images by shape"
              rows={ratios.map(([name, n]) => ({ name, now: n, text: percent(n / Math.max(total, 1)), title: `${n} images` }))}
            />
            <p className={css.foot}>{ratios.length === 1 ? "Every image has the same shape" : "Images by width : height"}</p>
          </>
        );
      }}
    </Tile>
  );
}

function Median({ value }: { value: Record<string, unknown> | null }) {
  const side = (name: string) => Math.round(num(value?.[name] as Record<string, unknown>, "median") ?? 0);
  return (
    <>
      ≈ {side("width")} × {side("height")} <small>px</small>
    </>
  );
}
