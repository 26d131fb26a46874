/* One image in the grid: its shapes, where it came from, when, and whether it was reviewed. */
import type { MouseEvent } from "react";
import { Link } from "react-router";
import type { Deployment, Prediction } from "../api/types";
import { Cut } from "../design/Cut";
import { score } from "../design/format";
import { Picture } from "../design/Picture";
import { ReviewChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./predictions.module.css";
import { answered } from "./shapes";

export type ItemProps = {
  prediction: Prediction;
  deployment: Deployment;
  place: number;
  tabbable: boolean;
  chosen: boolean;
  /** Something is chosen: the boxes stay in sight. */
  choosing: boolean;
  /** Another query was asked meanwhile. */
  waiting: boolean;
  /** The address of the list, to come back to. */
  list: string;
  press: (event: MouseEvent) => void;
  choose: (event: MouseEvent) => void;
};

export function PredictionCard({ prediction, deployment, place, tabbable, chosen, choosing, waiting, list, press, choose }: ItemProps) {
  const found = answered(prediction);
  const name = prediction.client_id ?? prediction.id;
  const erased = prediction.keep_reason === "erased";
  return (
    <div
      role="gridcell"
      aria-selected={chosen}
      data-place={place}
      tabIndex={tabbable ? 0 : -1}
      className={css.card}
      data-choosing={choosing}
      onClick={press}
    >
      <Link tabIndex={-1} to={`/deployments/${deployment.name}/predictions/${prediction.id}`} state={{ list }} aria-label={`Open ${name}`}>
        <Picture
          asset={prediction.asset}
          width={prediction.width}
          height={prediction.height}
          shapes={found}
          labels={deployment.labels}
          aspect="4 / 3"
          gone={erased ? "Erased" : undefined}
          alt=""
        />
      </Link>
      <Choice chosen={chosen} name={name} disabled={waiting} choose={choose} />
      <span className={css.line}>
        <Cut>{prediction.source ?? (erased ? "–" : "no source")}</Cut>
        <Time at={prediction.taken_at} />
      </span>
      <span className={css.line}>
        {erased ? null : prediction.review === "pending" ? <span>{found.length} found</span> : <ReviewChip state={prediction.review} />}
        {prediction.outlier !== null && (
          <span title={prediction.unusual ?? "Outlier score: 1 is unlike anything in the training data"}>
            outlier {score(prediction.outlier, 2)}
          </span>
        )}
      </span>
    </div>
  );
}

type ChoiceProps = { chosen: boolean; name: string; disabled: boolean; choose: (event: MouseEvent) => void };

export function Choice({ chosen, name, disabled, choose }: ChoiceProps) {
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      className={css.choice}
      checked={chosen}
      disabled={disabled}
      aria-label={`Choose ${name}`}
      onChange={() => undefined}
      onClick={(event) => (event.stopPropagation(), choose(event))}
    />
  );
}
