/* One image in the grid: its shapes, where it came from, when, and whether it was reviewed. */
import { Link } from "react-router";
import type { Deployment, Prediction } from "../api/types";
import { score } from "../design/format";
import { Picture } from "../design/Picture";
import { ReviewChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./predictions.module.css";
import { answered } from "./shapes";

export function PredictionCard({ prediction, deployment }: { prediction: Prediction; deployment: Deployment }) {
  return (
    <Link to={`/deployments/${deployment.name}/predictions/${prediction.id}`} className={css.card} state={{ grid: true }}>
      <Picture
        asset={prediction.asset}
        width={prediction.width}
        height={prediction.height}
        shapes={answered(prediction)}
        labels={deployment.labels}
        aspect="4 / 3"
        alt={`Image ${prediction.client_id ?? prediction.id}`}
      />
      <span className={css.line}>
        <span>{prediction.source ?? "no source"}</span>
        <Time at={prediction.taken_at} />
      </span>
      <span className={css.line}>
        {prediction.review === "pending" ? <span>{answered(prediction).length} found</span> : <ReviewChip state={prediction.review} />}
        {prediction.outlier !== null && (
          <span title="Outlier score: 1 is unlike anything in the training data">outlier {score(prediction.outlier, 2)}</span>
        )}
      </span>
    </Link>
  );
}
