/* Where an image comes from, and why it was chosen. */
import { score } from "../design/format";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import type { ToReview } from "./exchange";
import css from "./review.module.css";

const LANES: Record<string, { title: string; says: string }> = {
  "random checks": { title: "Random check", says: "Drawn by lot: what you say of it speaks for all images" },
  "hard cases": { title: "Hard case", says: "The model is unsure here, or the image is unusual: it learns most from these" },
};

export function Origin({ prediction }: { prediction: ToReview }) {
  const lane = LANES[prediction.lane ?? ""];
  return (
    <p className={css.about} title={prediction.model_version ? `Answered by ${prediction.model_version.title}` : undefined}>
      {lane && <Chip title={lane.says}>{lane.title}</Chip>}
      <span>
        {prediction.source && `${prediction.source} · `}
        <Time at={prediction.taken_at} />
        {prediction.outlier !== null && ` · outlier ${score(prediction.outlier, 2)}`}
      </span>
    </p>
  );
}
