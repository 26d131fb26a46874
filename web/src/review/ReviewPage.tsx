/* Reviewing: one image after the other, and how far the next retraining is. */
import { useCallback, useState } from "react";
import { useSearchParams } from "react-router";
import { LinkButton } from "../design/controls";
import { useDeployment, type InDeployment } from "../design/deployment";
import { Dialog } from "../design/Dialog";
import { count, plural, score } from "../design/format";
import { Card, Empty, Skeleton } from "../design/page";
import { Bar, Notice } from "../design/status";
import { Time } from "../design/Time";
import type { Annotation, Prediction, ReviewState } from "../api/types";

import { BoxReview, type Look } from "./BoxReview";
import { KEYS } from "./core/keys";
import { LabelReview } from "./LabelReview";
import css from "./review.module.css";
import { useQueue } from "./useQueue";

export default function ReviewPage() {
  const { deployment } = useDeployment();
  const [search] = useSearchParams();
  const first = search.get("image");
  return <Reviewing key={`${deployment.name} ${first}`} first={first} />;
}

function Reviewing({ first }: { first: string | null }) {
  const overview = useDeployment();
  const { deployment } = overview;
  const queue = useQueue(deployment.name, first);
  const [look, setLook] = useState<Look>({ brightness: 100, contrast: 100 });
  const [help, setHelp] = useState(false);
  const current = queue.items[0];
  const { decide: settle } = queue;
  const decide = useCallback(
    (status: ReviewState, annotations: Annotation[]) => current && settle(current, status, annotations),
    [current, settle],
  );
  const bench = { labels: deployment.labels, decide, back: queue.back, help: () => setHelp(true) };

  return (
    <>
      <Progress overview={overview} done={queue.done} current={current} help={() => setHelp(true)} />
      {queue.offline && (
        <Notice tone="warn">
          The server cannot be reached. {plural(queue.waiting, "decision")} kept here and sent as soon as it is back; go on.
        </Notice>
      )}
      {queue.problem && <Notice tone="bad">{queue.problem}</Notice>}
      {current ? (
        deployment.task === "classification" ? (
          <LabelReview key={current.id} prediction={current} {...bench} />
        ) : (
          <BoxReview key={current.id} prediction={current} {...bench} look={look} setLook={setLook} />
        )
      ) : queue.loaded ? (
        <Done overview={overview} done={queue.done} />
      ) : (
        <Skeleton height={480} />
      )}
      <Dialog open={help} onClose={() => setHelp(false)} title="Keys">
        <dl className={css.keys}>
          {KEYS.map((line) => (
            <div key={line.action}>
              <dt>
                {line.keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{line.title}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>1</kbd>…<kbd>0</kbd>
            </dt>
            <dd>Label of the selected box, and of the next one drawn</dd>
          </div>
          <div>
            <dt>Wheel, Alt drag</dt>
            <dd>Zoom and pan</dd>
          </div>
        </dl>
      </Dialog>
    </>
  );
}

type ProgressProps = { overview: InDeployment; done: number; current: Prediction | undefined; help: () => void };

function Progress({ overview, done, current, help }: ProgressProps) {
  const { loop, pipeline } = overview;
  const on = pipeline.feedback_loop?.state !== "off" && loop;
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
        {plural(overview.pending, "image")} to review
      </span>
      {current && (
        <span className={css.about}>
          {current.source ?? ""} <Time at={current.taken_at} />
          {current.outlier !== null && ` · outlier ${score(current.outlier, 2)}`} · {current.model_version?.title}
        </span>
      )}
      <button type="button" className={css.help} onClick={help} aria-label="Keys">
        <kbd>?</kbd>
      </button>
    </div>
  );
}

function Done({ overview, done }: { overview: InDeployment; done: number }) {
  const none = overview.predictions === 0;
  return (
    <Card>
      <Empty
        title={none ? "Nothing to review yet" : "Everything is reviewed"}
        actions={<LinkButton to={none ? "../" : "../loop"}>{none ? "To the dashboard" : "See the loop"}</LinkButton>}
      >
        {none
          ? "Images this deployment answers wait here for a person to look."
          : `${done > 0 ? `${plural(done, "image")} this session. ` : ""}New images appear here as they arrive.`}
      </Empty>
    </Card>
  );
}
