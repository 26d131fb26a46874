/* Long work: how far it is, what it did so far, why it failed, and the way to stop it. */
import { Fragment, useState } from "react";
import { useSearchParams } from "react-router";
import { asSentence } from "../api/sentence";
import type { Job, Page as Items } from "../api/types";
import { usePages, useSend } from "../api/use";
import { Segmented } from "../design/controls";
import { Confirm } from "../design/Dialog";
import { count, who } from "../design/format";
import { More } from "../design/More";
import { Card, dim, Empty, Failed, Page, Skeleton, strong, tableClass } from "../design/page";
import { Bar, JobChip } from "../design/status";
import { Time } from "../design/Time";
import { JobDetail } from "./JobDetail";
import css from "./jobs.module.css";

const STATES = [
  { value: "", title: "All" },
  { value: "open", title: "Under way" },
  { value: "failed", title: "Failed" },
];

export default function JobsPage() {
  const [address, setAddress] = useSearchParams();
  const state = address.get("state") ?? "";
  const pages = usePages<Job>("/jobs", { limit: 50, state }, (loaded) => (loaded > 3 ? false : 2000));
  const items = pages.data?.pages.flatMap((page: Items<Job>) => page.items) ?? [];
  return (
    <Page
      title="Jobs"
      actions={
        <Segmented
          label="State"
          value={state}
          options={STATES}
          onChange={(next) => setAddress(next ? { state: next } : {}, { replace: true })}
        />
      }
    >
      {pages.error && !pages.data ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : !pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Card>
          {state ? (
            <Empty title={state === "open" ? "Nothing is under way" : "Nothing failed"} />
          ) : (
            <Empty title="No long work yet">
              Imports, training, preparing training data and retraining run here, and survive a restart of the server.
            </Empty>
          )}
        </Card>
      ) : (
        <Card flush>
          <table className={tableClass}>
            <thead>
              <tr>
                <th>State</th>
                <th>What</th>
                <th>Progress</th>
                <th>Begun</th>
                <th>By</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {items.map((job) => (
                <Row key={job.id} job={job} />
              ))}
            </tbody>
          </table>
        </Card>
      )}
      <More pages={pages} />
    </Page>
  );
}

/** Of a job that stopped on its way; one that is done has done all of it. */
function howFar({ state, done, total }: Job): string {
  return state !== "succeeded" && total ? `${count(done)} of ${count(total)}` : "";
}

function Row({ job }: { job: Job }) {
  const [open, setOpen] = useState(false);
  const cancel = useSend("/jobs");
  const total = job.total ?? 0;
  const going = job.state === "queued" || job.state === "running";
  return (
    <Fragment>
      <tr>
        <td>
          <JobChip state={job.state} />
        </td>
        <td>
          <button type="button" className={`${css.title} ${strong}`} aria-expanded={open} onClick={() => setOpen(!open)}>
            {job.title}
          </button>
          {job.error && job.state !== "cancelled" && <p className={css.error}>{asSentence(job.error)}</p>}
          {cancel.error && <p className={css.error}>{cancel.error.message}</p>}
        </td>
        <td>
          <div className={css.progress}>
            {going && total > 0 && <Bar value={job.done} total={total} label={job.title} />}
            <span className={dim}>{going ? asSentence(job.message || job.step || "") : howFar(job)}</span>
          </div>
        </td>
        <td>
          <Time at={job.started_at ?? job.created_at} />
        </td>
        <td>{who(job.created_by)}</td>
        <td data-n>
          {going && (
            <Confirm
              small
              button="Cancel"
              title={`Cancel “${job.title}”?`}
              lead="It ends at its next step. What its finished steps did stays."
              action="Cancel it"
              otherwise="Let it go on"
              onConfirm={() => cancel.mutate({ method: "POST", path: `/jobs/${job.id}/cancel` })}
            />
          )}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={6}>
            <JobDetail job={job} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}
