/* Training runs, the latest first, and the way to start one. */
import { Link, useNavigate } from "react-router";
import type { Page as Items, TrainingRun } from "../api/types";
import { useRead } from "../api/use";
import { duration } from "../design/format";
import { Card, Empty, Loaded, Page, strong, tableClass } from "../design/page";
import { Bar, JobChip } from "../design/status";
import { Time } from "../design/Time";
import { curveLines } from "../design/curveLines";
import { score } from "../design/format";
import { StartButton } from "./StartDialog";
import css from "./training.module.css";

export default function RunsPage() {
  const runs = useRead<Items<TrainingRun>>("/training-runs", undefined, { every: 3000 });
  const navigate = useNavigate();
  return (
    <Page title="Training runs" actions={<StartButton />}>
      <Loaded query={runs}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Empty title="No training run yet" actions={<StartButton />}>
                A run trains on a dataset version and registers what comes out as the next version of a model.
              </Empty>
            </Card>
          ) : (
            <Card flush>
              <table className={tableClass}>
                <thead>
                  <tr>
                    <th>State</th>
                    <th>Model</th>
                    <th>Trainer</th>
                    <th>Epochs</th>
                    <th data-n>Validation score</th>
                    <th data-n>Took</th>
                    <th data-n>Begun</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((run) => (
                    <tr key={run.id} data-link onClick={() => void navigate(`/training/${run.id}`)}>
                      <td>
                        <JobChip state={run.state} />
                      </td>
                      <td>
                        <Link className={strong} to={`/training/${run.id}`} onClick={(event) => event.stopPropagation()}>
                          {run.model}
                        </Link>
                      </td>
                      <td>{run.trainer}</td>
                      <td className={css.epochs}>
                        <Epochs run={run} />
                      </td>
                      <td data-n>{best(run)}</td>
                      <td data-n>{took(run)}</td>
                      <td data-n>
                        <Time at={run.started_at ?? run.created_at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Epochs({ run }: { run: TrainingRun }) {
  const last = run.epochs.at(-1);
  if (!last) return <>–</>;
  return (
    <>
      {run.state === "running" && <Bar value={last.epoch} total={last.epochs ?? 0} label="Epochs" />}
      {last.epochs ? `${last.epoch} of ${last.epochs}` : last.epoch}
    </>
  );
}

function best(run: TrainingRun): string {
  const line = curveLines(run.epochs).find((one) => one.name !== "Loss");
  const values = line?.values.filter((value): value is number => value !== null) ?? [];
  return values.length ? `${line?.name} ${score(Math.max(...values))}` : "–";
}

export function took(run: Pick<TrainingRun, "started_at" | "finished_at" | "eta_s" | "state">): string {
  if (run.started_at && run.finished_at) return duration((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000);
  return run.state === "running" && run.eta_s !== null ? `${duration(run.eta_s)} left` : "–";
}
