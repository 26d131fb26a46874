/* One review for everything a query finds: what it would decide, how far it is, and the way back. */
import { useState } from "react";
import { asSentence } from "../api/sentence";
import type { BulkPreview, Job } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Segmented } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { Bar, Notice } from "../design/status";
import css from "./query.module.css";

type Props = { deployment: string; task: string; query: string; disabled: boolean };
type Status = "accepted" | "nothing here" | "unusable" | "skipped";

const SAYS: { value: Status; title: string }[] = [
  { value: "accepted", title: "Accept" },
  { value: "nothing here", title: "Nothing here" },
  { value: "unusable", title: "Unusable" },
  { value: "skipped", title: "Skip" },
];

const UNSEEN = "They enter the dataset like any review. They say nothing of all images: as random checks they still come up, one by one.";
const EFFECT: Record<Status, string> = {
  accepted: UNSEEN,
  "nothing here": UNSEEN,
  unusable: "They leave the queue and enter no dataset.",
  skipped: "They leave the queue. What is skipped makes every estimate for all images less certain.",
};

export function ReviewAll(props: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="check" disabled={props.disabled} onClick={() => setOpen(true)}>
        Review all
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={props.query ? "Review all images of this query" : "Review all images that wait"}
      >
        {open && <Form {...props} close={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function Form({ deployment, task, query, close }: Props & { close: () => void }) {
  const [status, setStatus] = useState<Status>("accepted");
  const [reason, setReason] = useState("");
  const preview = useRead<BulkPreview>(`/deployments/${deployment}/bulk-reviews/preview`, { query, status }, { keep: true });
  const start = useSend<Job>(`/deployments/${deployment}`, "/jobs");
  if (start.data) return <Running job={start.data} deployment={deployment} close={close} />;
  const found = preview.data;
  const submit = () => start.mutate({ method: "POST", path: `/deployments/${deployment}/bulk-reviews`, body: { query, status, reason } });
  return (
    <form className={css.all} onSubmit={(event) => (event.preventDefault(), submit())}>
      {query && <code>{query}</code>}
      <Segmented
        label="What is said of them"
        value={status}
        onChange={(next) => setStatus(next as Status)}
        options={SAYS.filter(({ value }) => value !== "nothing here" || task !== "classification")}
      />
      {status === "unusable" && (
        <Field label="Reason">
          <Input value={reason} placeholder="Why?" onChange={(event) => setReason(event.target.value)} />
        </Field>
      )}
      <p aria-live="polite">
        {found ? (
          <>
            <strong>
              {count(found.count)}
              {found.more && "+"} waiting {found.count === 1 && !found.more ? "image" : "images"}
            </strong>
            {found.reviewed > 0 && `, ${count(found.reviewed)} are reviewed and stay as they are`}
            {found.held > 0 && `, what others look at just now (${count(found.held)} at most) stays theirs`}.
          </>
        ) : (
          "Counting…"
        )}
      </p>
      <p className={css.aside}>{EFFECT[status]}</p>
      {(start.error ?? preview.error) && <Notice tone="bad">{(start.error ?? preview.error)?.message}</Notice>}
      <Button look="primary" type="submit" disabled={!found || (found.count === 0 && !found.more) || start.isPending}>
        {start.isPending
          ? "Starting…"
          : `${SAYS.find(({ value }) => value === status)?.title} ${found ? count(found.count) + (found.more ? "+" : "") : ""}`}
      </Button>
    </form>
  );
}

function Running({ job, deployment, close }: { job: Job; deployment: string; close: () => void }) {
  const stale = `/deployments/${deployment}`;
  const now = useJob(job);
  const cancel = useSend("/jobs");
  const undo = useSend<Job>(stale, "/jobs");
  if (undo.data) return <Undone job={undo.data} close={close} />;
  const open = now.state === "queued" || now.state === "running";
  const done = now.result as { reviewed: number; held: number; meanwhile: number; refused: number; problems: { problem: string }[] } | null;
  return (
    <div className={css.all}>
      {open ? (
        <>
          <p role="status">
            {count(now.done)} of {count(now.total ?? 0)}… You may leave: it goes on.
          </p>
          <Bar value={now.done} total={now.total ?? 1} label="Images reviewed" />
          <Button onClick={() => cancel.mutate({ method: "POST", path: `/jobs/${job.id}/cancel` })}>Stop</Button>
        </>
      ) : (
        <>
          <p role="status">
            {done ? (
              <>
                <strong>{plural(done.reviewed, "image")} reviewed.</strong>
                {done.held > 0 && ` ${count(done.held)} were in other hands.`}
                {done.meanwhile > 0 && ` ${count(done.meanwhile)} somebody reviewed meanwhile.`}
                {done.refused > 0 && ` ${count(done.refused)} could not be: ${done.problems[0]?.problem ?? ""}`}
              </>
            ) : (
              `${now.state === "cancelled" ? "Stopped." : "It failed."} ${asSentence(now.error ?? "")} What was decided until then can be undone.`
            )}
          </p>
          <div className={css.buttons}>
            <Button look="primary" onClick={close}>
              Done
            </Button>
            <Button
              icon="undo"
              disabled={undo.isPending}
              onClick={() => undo.mutate({ method: "POST", path: `/bulk-reviews/${job.id}/undo` })}
            >
              Undo
            </Button>
          </div>
        </>
      )}
      {(undo.error ?? cancel.error) && <Notice tone="bad">{(undo.error ?? cancel.error)?.message}</Notice>}
    </div>
  );
}

function Undone({ job, close }: { job: Job; close: () => void }) {
  const now = useJob(job);
  const done = now.result as { reopened: number; meanwhile: number } | null;
  return (
    <div className={css.all}>
      <p role="status">
        {done
          ? `${plural(done.reopened, "image")} ${done.reopened === 1 ? "waits" : "wait"} again.${done.meanwhile ? ` ${count(done.meanwhile)} were changed since and stay.` : ""}`
          : now.error
            ? `It failed. ${asSentence(now.error)}`
            : `Taking back… ${count(now.done)} of ${count(now.total ?? 0)}`}
      </p>
      <Button look="primary" onClick={close}>
        Done
      </Button>
    </div>
  );
}

/** The job as it stands, until it has ended. */
function useJob(first: Job): Job {
  const [ended, setEnded] = useState(false);
  const found = useRead<Job>(`/jobs/${first.id}`, undefined, { every: ended ? false : 500 }).data ?? first;
  const over = found.state !== "queued" && found.state !== "running";
  if (over && !ended) setEnded(true);
  return found;
}
