/* Reviewing: one image after the other, and how far the next retraining is. */
import { useCallback, useState } from "react";
import { useSearchParams } from "react-router";
import type { Annotation, ReviewState } from "../api/types";
import { Button, LinkButton, Segmented } from "../design/controls";
import { useDeployment, type InDeployment } from "../design/deployment";
import { plural } from "../design/format";
import { Icon } from "../design/icons";
import { Card, Empty, Skeleton } from "../design/page";
import { Notice } from "../design/status";
import { AskDialog } from "./AskDialog";
import { BoxReview } from "./BoxReview";
import { Changed } from "./Changed";
import { meaning, shownKey } from "./core/keys";
import type { ToReview } from "./exchange";
import { KeysDialog } from "./KeysDialog";
import { LabelReview } from "./LabelReview";
import { Progress } from "./Progress";
import { QueueDialog } from "./QueueDialog";
import css from "./review.module.css";
import type { Look } from "./Tools";
import { TeamDialog } from "./TeamDialog";
import { TravelDialog } from "./TravelDialog";
import { Triage, TRIAGED } from "./Triage";
import { useBindings } from "./useBindings";
import { useKeys } from "./useKeys";
import { useQueue } from "./useQueue";
import { useToday } from "./useToday";

/** Enough that nobody waits; for many at once, that the next batch is there whole when one is decided. */
const AHEAD = { one: 24, grid: 2 * TRIAGED };

const OWN_LOOK = new Set(["second look", "third look"]);
// Twenty at once are accepted in one go: what asks for a look of its own stays for one by one.
const isPlain = (item: ToReview) => !item.blind && (!item.lane || !OWN_LOOK.has(item.lane));
const any = () => true;
/** An image of which something else is known is another bench, begun anew. */
const identity = ({ id, seen, blind }: ToReview) => `${id} ${seen} ${blind}`;
const BENCHES = { classification: "label", detection: "boxes", segmentation: "outlines" } as const;

export default function ReviewPage() {
  return <Reviewing key={useDeployment().deployment.id} />;
}

function Reviewing() {
  const overview = useDeployment();
  const { deployment } = overview;
  const [look, setLook] = useState<Look>({ brightness: 100, contrast: 100, names: true });
  const [dialog, setDialog] = useState<"keys" | "queue" | "team" | "travel" | null>(null);
  const [asking, setAsking] = useState<string | null>(null);
  const [bindings, keepBindings] = useBindings();
  const [search, setSearch] = useSearchParams();
  const grid = search.get("mode") === "grid";
  // Whoever decides many at once is shown whole batches.
  const [ahead, waiting] = grid ? [AHEAD.grid, 2 * AHEAD.grid] : [AHEAD.one, overview.pending];
  const queue = useQueue(deployment, search.get("image"), ahead, waiting, grid ? isPlain : any);
  const today = useToday(deployment);
  const show = (mode: string) => setSearch(mode === "grid" ? { mode } : {}, { replace: true });
  const lookAt = () => {
    show("one");
    void queue.bring(queue.problem?.image ?? "");
  };
  const plain = queue.items.filter(isPlain);
  const current = grid ? plain[0] : queue.items[0];
  const { decide: settle } = queue;
  const decide = useCallback(
    (status: ReviewState, annotations: Annotation[]) => current && settle(current, status, annotations),
    [current, settle],
  );
  const help = () => setDialog("keys");
  const ask = () => setAsking(current?.id ?? null);
  const bench = { labels: deployment.labels, decide, back: queue.back, help, ask, bindings, look, setLook };
  const finish = (right: ToReview[], wrong: ToReview[]) => {
    if (right.length) queue.decideAll(right, "accepted");
    if (wrong.length) queue.bringForward(wrong);
    if (wrong.length) show("one");
  };

  return (
    <>
      <Progress overview={overview} done={queue.done} today={today}>
        <Segmented
          label="How to review"
          value={grid ? "grid" : "one"}
          onChange={show}
          options={[
            { value: "one", title: "One by one" },
            { value: "grid", title: "Twenty at once" },
          ]}
        />
        <span className={css.more}>
          {current && !grid && (
            <button
              type="button"
              onClick={ask}
              aria-label="Ask a question about this image"
              title={`Ask a question about this image (${shownKey("ask", bindings) || "no key"})`}
            >
              <Icon name="flag" />
            </button>
          )}
          <button type="button" onClick={() => setDialog("travel")} aria-label="Review in another tool" title="Review in another tool">
            <Icon name="upload" />
          </button>
          <button type="button" onClick={() => setDialog("team")} aria-label="Team" title="Team">
            <Icon name="people" />
          </button>
          <button type="button" onClick={() => setDialog("queue")} aria-label="What comes next" title="What comes next">
            <Icon name="mix" />
          </button>
          <button type="button" onClick={help} aria-label="Keys" title="Keys (?)">
            <Icon name="keyboard" />
          </button>
        </span>
      </Progress>
      <Changed deployment={deployment.name} />
      {queue.problem && (
        <Notice tone="bad">
          {queue.problem.sentence}{" "}
          {queue.problem.image && (
            <Button small onClick={lookAt}>
              Look at it
            </Button>
          )}
        </Notice>
      )}
      {current && grid ? (
        // The first of the queue stays first until it is decided: a new first image is a new batch.
        <Triage key={current.id} items={plain} deployment={deployment} finish={finish} back={queue.back} help={help} />
      ) : current ? (
        deployment.task === "classification" ? (
          <LabelReview key={identity(current)} prediction={current} {...bench} />
        ) : (
          <BoxReview key={identity(current)} prediction={current} outlines={deployment.task === "segmentation"} {...bench} />
        )
      ) : queue.loaded ? (
        <Done overview={overview} done={queue.done} back={queue.back} help={help} />
      ) : (
        <Skeleton height={480} />
      )}
      <KeysDialog
        open={dialog === "keys"}
        onClose={() => setDialog(null)}
        bench={grid ? "grid" : BENCHES[deployment.task]}
        bindings={bindings}
        keep={keepBindings}
      />
      <TeamDialog open={dialog === "team"} onClose={() => setDialog(null)} deployment={deployment.name} />
      <TravelDialog open={dialog === "travel"} onClose={() => setDialog(null)} deployment={deployment.name} />
      <QueueDialog open={dialog === "queue"} onClose={() => setDialog(null)} deployment={deployment.name} />
      {asking && <AskDialog open onClose={() => setAsking(null)} prediction={asking} deployment={deployment.name} />}
    </>
  );
}

function waits(others: number): string {
  return `${plural(others, "image")} still ${others === 1 ? "waits" : "wait"} and ${others === 1 ? "is" : "are"} given to others; what they leave for ten minutes comes here. `;
}

type DoneProps = { overview: InDeployment; done: number; back: () => void; help: () => void };

function Done({ overview, done, back, help }: DoneProps) {
  const none = overview.predictions === 0;
  // What waits and is not given to this person: others have it at hand, or the team's rules name others for it.
  const others = overview.pending;
  useKeys((pressed) => {
    const means = meaning(pressed);
    if (means === "undo") back();
    else if (means === "help") help();
    else return false;
    return true;
  });
  return (
    <Card>
      <Empty
        title={none ? "Nothing to review yet" : others > 0 ? "Other people have the rest" : "Everything is reviewed"}
        actions={
          <>
            {done > 0 && (
              <Button icon="undo" onClick={back}>
                Back to the last image
              </Button>
            )}
            <LinkButton to={none ? "../" : "../loop"}>{none ? "To the dashboard" : "See the loop"}</LinkButton>
          </>
        }
      >
        {none
          ? "Images this deployment answers wait here for a person to look."
          : `${done > 0 ? `${plural(done, "image")} this session. ` : ""}${others > 0 ? waits(others) : ""}New images appear here as they arrive.`}
      </Empty>
    </Card>
  );
}
