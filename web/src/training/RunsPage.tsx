/* Training runs, the latest first, and the ways to start one and to compare several. */
import { useState } from "react";
import type { TrainingRun } from "../api/types";
import { usePages } from "../api/use";
import { LinkButton } from "../design/controls";
import { bytes, duration } from "../design/format";
import { More } from "../design/More";
import { LinkRow } from "../design/LinkRow";
import { Card, Empty, Failed, Page, Skeleton, tableClass } from "../design/page";
import { Bar, JobChip } from "../design/status";
import { Time } from "../design/Time";
import { curveLines } from "../design/curveLines";
import { score } from "../design/format";
import { StartButton } from "./StartDialog";
import css from "./training.module.css";

export default function RunsPage() {
  const pages = usePages<TrainingRun>("/training-runs", { limit: 50 }, (loaded) => (loaded > 3 ? false : 3000));
  const [chosen, setChosen] = useState<string[]>([]);
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const toggle = (id: string) => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <Page
      title="Training runs"
      actions={
        <>
          {chosen.length > 1 && <LinkButton to={`/training/compare?runs=${chosen.join(",")}`}>Compare {chosen.length} runs</LinkButton>}
          {items.length > 0 && <StartButton />}
        </>
      }
    >
      {pages.error && !pages.data ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : !pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Card>
          <Empty title="No training run yet" actions={<StartButton />}>
            A run trains on a dataset version and registers what comes out as the next version of a model.
          </Empty>
        </Card>
      ) : (
        <>
          <Card flush>
            <RunTable items={items} chosen={chosen} onToggle={toggle} />
          </Card>
          <More pages={pages}>Earlier runs</More>
        </>
      )}
    </Page>
  );
}

type TableProps = { items: TrainingRun[]; chosen: string[]; onToggle: (id: string) => void };

function RunTable({ items, chosen, onToggle }: TableProps) {
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th>
            <span className="visually-hidden">Compare</span>
          </th>
          <th>State</th>
          <th>Model</th>
          <th>Trainer</th>
          <th>Epochs</th>
          <th data-n>Validation score</th>
          <th data-n>Took</th>
          <th data-n>Processor</th>
          <th data-n>Memory</th>
          <th data-n>Begun</th>
        </tr>
      </thead>
      <tbody>
        {items.map((run) => (
          <LinkRow
            key={run.id}
            to={`/training/${run.id}`}
            title={run.model}
            before={
              <>
                <td onClick={(event) => event.stopPropagation()}>
                  <input
                    type="checkbox"
                    aria-label={`Compare ${run.model}, begun ${run.started_at ?? run.created_at}`}
                    checked={chosen.includes(run.id)}
                    onChange={() => onToggle(run.id)}
                  />
                </td>
                <td>
                  <JobChip state={run.state} />
                </td>
              </>
            }
          >
            <td>{run.trainer}</td>
            <td className={css.epochs}>
              <Epochs run={run} />
            </td>
            <td data-n>{best(run)}</td>
            <td data-n>{took(run)}</td>
            <td data-n>{duration(run.used?.cpu_s)}</td>
            <td data-n>{run.used?.peak_memory_bytes ? bytes(run.used.peak_memory_bytes) : "–"}</td>
            <td data-n>
              <Time at={run.started_at ?? run.created_at} />
            </td>
          </LinkRow>
        ))}
      </tbody>
    </table>
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
