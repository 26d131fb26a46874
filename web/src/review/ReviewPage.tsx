/* Reviewing: one image after the other, and how far the next retraining is. */
import { useCallback, useState } from "react";
import { useSearchParams } from "react-router";
import { Button, LinkButton, Segmented } from "../design/controls";
import { useDeployment, type InDeployment } from "../design/deployment";
import { count, plural, score } from "../design/format";
import { Card, Empty, Skeleton } from "../design/page";
import { Bar, Notice } from "../design/status";
import { Time } from "../design/Time";
import type { Annotation, Prediction, ReviewState } from "../api/types";

import { BoxReview, type Look } from "./BoxReview";
import { KeysDialog } from "./KeysDialog";
import { LabelReview } from "./LabelReview";
import css from "./review.module.css";
import type { ToReview } from "./exchange";
import { Triage, TRIAGED } from "./Triage";
import { useBindings } from "./useBindings";
import { useQueue } from "./useQueue";

/** Enough that nobody waits; for many at once, that the next batch is there whole when one is decided. */
const AHEAD = { one: 24, grid: 2 * TRIAGED };

export default function ReviewPage() {
  const { deployment } = useDeployment();
  const [search] = useSearchParams();
  const first = search.get("image");
  return <Reviewing key={`${deployment.name} ${first}`} first={first} />;
}

function Reviewing({ first }: { first: string | null }) {
  const overview = useDeployment();
  const { deployment } = overview;
  const [look, setLook] = useState<Look>({ brightness: 100, contrast: 100 });
  const [help, setHelp] = useState(false);
  const [bindings, keepBindings] = useBindings();
  const [search, setSearch] = useSearchParams();
  const grid = search.get("mode") === "grid";
  const queue = useQueue(deployment.name, first, grid ? AHEAD.grid : AHEAD.one);
  const show = (mode: string) => setSearch(mode === "grid" ? { mode } : {}, { replace: true });
  const current = queue.items[0];
  const { decide: settle } = queue;
  const decide = useCallback(
    (status: ReviewState, annotations: Annotation[]) => current && settle(current, status, annotations),
    [current, settle],
  );
  const bench = { labels: deployment.labels, decide, back: queue.back, help: () => setHelp(true), bindings };
  const finish = (right: ToReview[], wrong: ToReview[]) => {
    if (right.length) queue.decideAll(right, "accepted");
    if (wrong.length) queue.bringForward(wrong);
    if (wrong.length) show("one");
  };

  return (
    <>
      <Progress overview={overview} done={queue.done} today={queue.today} current={grid ? undefined : current} help={() => setHelp(true)}>
        <Segmented
          label="How to review"
          value={grid ? "grid" : "one"}
          onChange={show}
          options={[
            { value: "one", title: "One by one" },
            { value: "grid", title: "Twenty at once" },
          ]}
        />
      </Progress>
      {queue.offline && (
        <Notice tone="warn">
          The server cannot be reached. {plural(queue.waiting, "decision")} kept here and sent as soon as it is back; go on.
        </Notice>
      )}
      {queue.problem && (
        <Notice tone="bad">
          {queue.problem.sentence}{" "}
          {queue.problem.image && (
            <Button small onClick={() => setSearch({ image: queue.problem?.image ?? "" })}>
              Look at it
            </Button>
          )}
        </Notice>
      )}
      {current && grid ? (
        // The first of the queue stays first until it is decided: a new first image is a new batch.
        <Triage key={current.id} items={queue.items} deployment={deployment} finish={finish} back={queue.back} help={bench.help} />
      ) : current ? (
        deployment.task === "classification" ? (
          <LabelReview key={current.id} prediction={current} {...bench} />
        ) : (
          <BoxReview
            key={current.id}
            prediction={current}
            outlines={deployment.task === "segmentation"}
            {...bench}
            look={look}
            setLook={setLook}
          />
        )
      ) : queue.loaded ? (
        <Done overview={overview} done={queue.done} />
      ) : (
        <Skeleton height={480} />
      )}
      <KeysDialog open={help} onClose={() => setHelp(false)} bindings={bindings} keep={keepBindings} />
    </>
  );
}

type ProgressProps = {
  overview: InDeployment;
  done: number;
  today: number;
  current: Prediction | undefined;
  help: () => void;
  children: React.ReactNode;
};

function Progress({ overview, done, today, current, help, children }: ProgressProps) {
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
        {today > 0 && `${count(today)} today · `}
        {plural(overview.pending, "image")} to review
      </span>
      <span className={css.about}>
        {current && (
          <>
            {current.source ?? ""} <Time at={current.taken_at} />
            {current.outlier !== null && ` · outlier ${score(current.outlier, 2)}`} · {current.model_version?.title}
          </>
        )}
      </span>
      {children}
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
