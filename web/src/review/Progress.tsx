/* The line above the image: how far the next retraining is, what is done, where this image comes from and why it was chosen. */
import type { ReactNode } from "react";
import { LinkButton } from "../design/controls";
import type { InDeployment } from "../design/deployment";
import { count, plural, score } from "../design/format";
import { Bar, Chip } from "../design/status";
import { Time } from "../design/Time";
import type { ToReview } from "./exchange";
import css from "./review.module.css";

const LANES: Record<string, { title: string; says: string }> = {
  "random checks": { title: "Random check", says: "Drawn by lot: what you say of it speaks for all images" },
  "hard cases": { title: "Hard case", says: "The model is unsure here, or the image is unusual: it learns most from these" },
};

type Props = { overview: InDeployment; done: number; today: number; current: ToReview | undefined; children: ReactNode };

export function Progress({ overview, done, today, current, children }: Props) {
  const { loop, pipeline } = overview;
  const on = pipeline.feedback_loop?.state !== "off" && loop;
  const lane = LANES[current?.lane ?? ""];
  return (
    <div className={css.progress}>
      {on && loop ? (
        <div className={css.meter}>
          <span>
            <strong>{count(loop.added)}</strong> of {count(loop.after)} added
            {pipeline.continuous_training?.active ? " until retraining" : ""}
          </span>
          <Bar value={loop.added} total={loop.after} label="Images added to the dataset" done={loop.added >= loop.after} />
        </div>
      ) : (
        <span className={css.hint}>
          The feedback loop is off: reviews are kept and measured, but do not reach a dataset.{" "}
          <LinkButton small look="quiet" to="../settings#training-data">
            Switch it on
          </LinkButton>
        </span>
      )}
      <span className={css.hint}>
        {done > 0 && `${plural(done, "image")} this session · `}
        {today > 0 && `${count(today)} by you today · `}
        {plural(overview.pending, "image")} to review
      </span>
      <span className={css.about}>
        {lane && <Chip title={lane.says}>{lane.title}</Chip>}
        {current && (
          <span>
            {current.source ?? ""} <Time at={current.taken_at} />
            {current.outlier !== null && ` · outlier ${score(current.outlier, 2)}`} · {current.model_version?.title}
          </span>
        )}
      </span>
      {children}
    </div>
  );
}
