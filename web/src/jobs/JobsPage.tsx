/* Long work: how far it is, why it failed, and the way to stop it. */
import type { Job, Page as Items } from "../api/types";
import { usePages, useSend } from "../api/use";
import { Button } from "../design/controls";
import { count, who } from "../design/format";
import { Card, dim, Empty, Failed, Page, Skeleton, strong, tableClass } from "../design/page";
import { Bar, JobChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./jobs.module.css";

export default function JobsPage() {
  const pages = usePages<Job>("/jobs", { limit: 50 }, 2000);
  const items = pages.data?.pages.flatMap((page: Items<Job>) => page.items) ?? [];
  return (
    <Page title="Jobs">
      {pages.error && !pages.data ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : !pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Card>
          <Empty title="No long work yet">
            Imports, training, preparing training data and retraining run here, and survive a restart of the server.
          </Empty>
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
      {pages.hasNextPage && <Button onClick={() => void pages.fetchNextPage()}>Load more</Button>}
    </Page>
  );
}

function Row({ job }: { job: Job }) {
  const cancel = useSend("/jobs");
  const total = job.total ?? 0;
  const open = job.state === "queued" || job.state === "running";
  return (
    <tr>
      <td>
        <JobChip state={job.state} />
      </td>
      <td>
        <span className={strong}>{job.title}</span>
        {job.error && <p className={css.error}>{job.error}</p>}
      </td>
      <td className={css.progress}>
        {open && total > 0 && <Bar value={job.done} total={total} label={job.title} />}
        <span className={dim}>{open ? (job.message ?? job.step ?? "") : total > 0 ? `${count(job.done)} of ${count(total)}` : ""}</span>
      </td>
      <td>
        <Time at={job.started_at ?? job.created_at} />
      </td>
      <td>{who(job.created_by)}</td>
      <td data-n>
        {open && (
          <Button small disabled={cancel.isPending} onClick={() => cancel.mutate({ method: "POST", path: `/jobs/${job.id}/cancel` })}>
            Cancel
          </Button>
        )}
      </td>
    </tr>
  );
}
