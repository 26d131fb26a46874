/* Parts of the traffic side by side: one line per camera, or per role. */
import { Link } from "react-router";
import { imageUrl, type Params } from "../api/client";
import type { Dashboard, FoundPage } from "../api/types";
import { useRead } from "../api/use";
import { count, duration, milliseconds, percent, score } from "../design/format";
import { useNow } from "../design/now";
import { dim, strong, tableClass } from "../design/page";
import { Sparkline } from "../design/Sparkline";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import css from "./monitoring.module.css";
import { column, num } from "./read";
import { useBoard } from "./Tile";

/** `query` finds its images; `choose` narrows the dashboard to it. */
export type Slice = { key: string; title: string; params: Params; query: string; choose?: () => void };

type Props = { name: string; about: string; slices: Slice[] };

export function SliceTable({ name, about, slices }: Props) {
  return (
    <section className={css.tile} style={{ "--wide": 12 } as React.CSSProperties} aria-label={name}>
      <div className={css.slices}>
        <table className={tableClass}>
          <thead>
            <tr>
              <th>{about}</th>
              <th>Volume</th>
              <th data-n>Images</th>
              <th data-n>Last image</th>
              <th data-n>Latency p95</th>
              <th data-n>Confidence</th>
              <th data-n>Drift</th>
              <th data-n>Unusual</th>
              <th data-n>Precision</th>
            </tr>
          </thead>
          <tbody>
            {slices.map((slice) => (
              <Line key={slice.key} slice={slice} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Line({ slice }: { slice: Slice }) {
  const { name, params, dashboard } = useBoard();
  const path = `/deployments/${name}`;
  const numbers = useRead<Dashboard>(`${path}/dashboard`, { ...params, ...slice.params }, { every: 15_000, keep: true }).data?.metrics;
  const last = useRead<FoundPage>(
    `${path}/predictions`,
    { query: slice.query, sort: "-taken_at", limit: 1 },
    { every: 15_000, keep: true },
  );
  const image = last.data?.items[0];
  const volume = numbers?.volume;
  const images = volume ? (num(volume.value, "images") ?? volume.count) : null;
  const value = (metric: string, ...names: string[]) => {
    const found = numbers?.[metric];
    return found?.available ? (names.map((one) => num(found.value, one)).find((one) => one !== null) ?? null) : null;
  };
  const unusual = value("outlier", "unusual_share");
  return (
    <tr>
      <td>
        <span className={css.slice}>
          {image && <img src={imageUrl(image.asset, 96)} alt="" loading="lazy" />}
          {slice.choose ? (
            <button type="button" className={strong} onClick={slice.choose}>
              {slice.title}
            </button>
          ) : (
            <span className={strong}>{slice.title}</span>
          )}
          {image && <Silent since={image.taken_at} images={images} span={Date.parse(dashboard.to) - Date.parse(dashboard.from)} />}
        </span>
      </td>
      <td>
        {volume && <Sparkline values={column(volume, "images", "count").map((one) => one ?? 0)} title={`Images of ${slice.title}`} />}
      </td>
      <td data-n>
        <Link to={`${path}/predictions?${new URLSearchParams({ q: slice.query })}`}>{count(images)}</Link>
      </td>
      <td data-n>{image ? <Time at={image.taken_at} /> : <span className={dim}>–</span>}</td>
      <td data-n>{milliseconds(value("latency", "p95"))}</td>
      <td data-n>{score(value("confidence", "mean"), 2)}</td>
      <td data-n>{score(value("drift", "d"), 2)}</td>
      <td data-n>{percent(unusual, 1)}</td>
      <td data-n>{percent(value("detection_report", "precision") ?? value("classification_report", "accuracy"))}</td>
    </tr>
  );
}

/** Silent is what has sent nothing for ten times as long as it usually takes. */
function Silent({ since, images, span }: { since: string; images: number | null; span: number }) {
  const quiet = useNow(5000).getTime() - Date.parse(since);
  if (!images || images < 10 || quiet < Math.max(60_000, (10 * span) / images)) return null;
  return <Chip tone="warn">silent for {duration(quiet / 1000)}</Chip>;
}
