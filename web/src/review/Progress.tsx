/* The line above the image: how far the next retraining is, and what is done. */
import type { ReactNode } from "react";
import type { ReviewTeam } from "../api/types";
import { useRead } from "../api/use";
import { LinkButton } from "../design/controls";
import type { InDeployment } from "../design/deployment";
import { count, percent, plural } from "../design/format";
import { Bar } from "../design/status";
import css from "./review.module.css";

type Props = { overview: InDeployment; done: number; today: number; children: ReactNode };

/** How well the team sees, once there is something to say. */
function useSeeing(deployment: string): string {
  const seeing = useRead<ReviewTeam>(`/deployments/${deployment}/review-team`, undefined, { every: 30_000 }).data?.seeing;
  if (!seeing) return "";
  const { agreement, overlooked } = seeing;
  const agree = agreement.of > 0 && `agreement ${percent(agreement.value)}`;
  const miss = overlooked.of > 0 && `overlooked ${percent(overlooked.value)}`;
  return [agree, miss]
    .filter(Boolean)
    .map((part) => ` · ${String(part)}`)
    .join("");
}

/** What those that were added are for; while a run is under way, and when it is held back, there may be more than enough. */
function until({ added, after, run }: { added: number; after: number; run: unknown }): string {
  if (added < after) return " until retraining";
  return run ? " for the next retraining" : ", enough for retraining";
}

export function Progress({ overview, done, today, children }: Props) {
  const { loop, pipeline } = overview;
  const seeing = useSeeing(overview.deployment.name);
  const on = pipeline.feedback_loop?.state !== "off" && loop;
  return (
    <div className={css.progress}>
      {on && loop ? (
        <div className={css.meter}>
          <span>
            <strong>{count(loop.added)}</strong> {loop.added < loop.after && `of ${count(loop.after)} `}added
            {pipeline.continuous_training?.active && until(loop)}
          </span>
          <Bar value={loop.added} total={loop.after} label="Images added to the dataset" done={loop.added >= loop.after} />
        </div>
      ) : (
        <span className={css.hint}>
          The feedback loop is off: no dataset learns from this.{" "}
          <LinkButton small look="quiet" to="../settings#training-data">
            Switch it on
          </LinkButton>
        </span>
      )}
      <span className={css.hint}>
        {done > 0 && `${plural(done, "image")} this session · `}
        {today > 0 && `${count(today)} by you today · `}
        {plural(overview.pending, "image")} to review
        {seeing}
      </span>
      <span className={css.ways}>{children}</span>
    </div>
  );
}
