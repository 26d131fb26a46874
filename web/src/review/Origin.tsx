/* Where an image comes from, why it was chosen, and what somebody asks about it. */
import type { Question } from "../api/types";
import { useRead } from "../api/use";
import { score, who } from "../design/format";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import type { ToReview } from "./exchange";
import css from "./review.module.css";

const LANES: Record<string, { title: string; says: string }> = {
  "random checks": { title: "Random check", says: "Drawn by lot: what you say of it speaks for all images" },
  "second look": { title: "Second look", says: "Somebody reviewed it before you; what they said is hidden, and yours is compared with it" },
  "third look": { title: "Two people differ", says: "What you say of it now is what counts" },
  "hard cases": { title: "Hard case", says: "The model is unsure here, or the image is unusual: it learns most from these" },
};

export function Origin({ prediction }: { prediction: ToReview }) {
  const lane = LANES[prediction.lane ?? ""];
  const question = useRead<Question>(`/predictions/${prediction.id}/question`).data;
  return (
    <div className={css.origin}>
      <p className={css.about} title={prediction.model_version ? `Answered by ${prediction.model_version.title}` : undefined}>
        {lane && <Chip title={lane.says}>{lane.title}</Chip>}
        {prediction.blind && <Chip title="Draw what is there before you see what was answered">Blind</Chip>}
        <span>
          {prediction.source && `${prediction.source} · `}
          <Time at={prediction.taken_at} />
          {prediction.outlier !== null && ` · outlier ${score(prediction.outlier, 2)}`}
        </span>
      </p>
      {question?.state && (
        <blockquote className={css.said}>
          {question.state === "open" ? question.text : `${question.text}\n${question.answer}`}
          <small>{question.state === "open" ? `${who(question.by)} asks` : `answered by ${who(question.answered_by)}`}</small>
        </blockquote>
      )}
    </div>
  );
}
