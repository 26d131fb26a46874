/* One image as a line of the table. */
import { Link } from "react-router";
import { labelColour } from "../design/colours";
import { Cut } from "../design/Cut";
import { milliseconds, score } from "../design/format";
import { Picture } from "../design/Picture";
import { ReviewChip } from "../design/status";
import { Time } from "../design/Time";
import { Choice, type ItemProps } from "./PredictionCard";
import css from "./predictions.module.css";
import { answered } from "./shapes";

const HEADS: [string, string | null][] = [
  ["", null],
  ["Image", null],
  ["Taken", "taken_at"],
  ["Source", null],
  ["Answer", null],
  ["Confidence", "confidence"],
  ["Outlier", "outlier"],
  ["Review", null],
  ["Version", null],
  ["Latency", "latency"],
];

export function TableHead({ sort, order }: { sort: string; order: (sort: string) => void }) {
  return (
    <div role="row" className={css.head}>
      {HEADS.map(([title, by]) => {
        const along = by !== null && sort.replace("-", "") === by;
        const up = along && !sort.startsWith("-");
        return (
          <span key={title} role="columnheader" aria-sort={along ? (up ? "ascending" : "descending") : undefined}>
            {by ? (
              <button type="button" onClick={() => order(along && !up ? by : `-${by}`)}>
                {title} {along && (up ? "↑" : "↓")}
              </button>
            ) : (
              title || <span className="visually-hidden">Chosen</span>
            )}
          </span>
        );
      })}
    </div>
  );
}

export function PredictionLine({ prediction, deployment, place, tabbable, chosen, choosing, waiting, list, press, choose }: ItemProps) {
  const found = answered(prediction);
  const name = prediction.client_id ?? prediction.id.slice(0, 8);
  const erased = prediction.keep_reason === "erased";
  const best = Math.max(...prediction.detections.map((one) => one.confidence));
  const labels = new Map<string, number>();
  for (const { label } of found) labels.set(label, (labels.get(label) ?? 0) + 1);
  return (
    <div
      role="gridcell"
      aria-selected={chosen}
      data-place={place}
      data-choosing={choosing}
      tabIndex={tabbable ? 0 : -1}
      className={css.cells}
      onClick={press}
    >
      <Choice chosen={chosen} name={name} disabled={waiting} choose={choose} />
      <Link tabIndex={-1} to={`/deployments/${deployment.name}/predictions/${prediction.id}`} state={{ list }} className={css.thumb}>
        <Picture
          asset={prediction.asset}
          width={prediction.width}
          height={prediction.height}
          shapes={found}
          labels={deployment.labels}
          size={96}
          aspect="4 / 3"
          bare
          gone={erased ? "" : undefined}
          alt=""
        />
        <Cut>{name}</Cut>
      </Link>
      <Time at={prediction.taken_at} />
      <Cut>{prediction.source ?? "–"}</Cut>
      <span className={css.said}>
        {[...labels].map(([label, times]) => (
          <span key={label}>
            <i style={{ background: labelColour(label, deployment.labels) }} />
            {label}
            {times > 1 && ` ×${times}`}
          </span>
        ))}
        {labels.size === 0 && (erased ? "erased" : "nothing")}
      </span>
      <span>{Number.isFinite(best) ? score(best, 2) : "–"}</span>
      <span>{score(prediction.outlier, 2)}</span>
      <span>{!erased && <ReviewChip state={prediction.review} />}</span>
      <Cut>{prediction.model_version?.title ?? "–"}</Cut>
      <span>{milliseconds(prediction.latency_ms)}</span>
    </div>
  );
}
