/* One training run: its curve as it grows, what it was given, and its log. */
import { Link, useParams } from "react-router";
import type { DatasetVersion, ModelVersion, TrainingRun } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Curve } from "../design/charts/Curve";
import { Button } from "../design/controls";
import { curveLines } from "../design/curveLines";
import { Card, dim, Loaded, Page, Rows } from "../design/page";
import { JobChip, Notice } from "../design/status";
import { Time } from "../design/Time";
import { took } from "./RunsPage";
import css from "./training.module.css";

export default function RunPage() {
  const { id = "" } = useParams();
  const run = useRead<TrainingRun>(`/training-runs/${id}`, undefined, { every: 2000 });
  const cancel = useSend("/training-runs", "/jobs");
  const open = run.data?.state === "running" || run.data?.state === "queued";
  return (
    <Page
      title={run.data ? `Training ${run.data.model}` : "Training run"}
      crumbs={[{ title: "Training runs", to: "/training" }]}
      chips={run.data && <JobChip state={run.data.state} />}
      actions={
        open && (
          <Button disabled={cancel.isPending} onClick={() => cancel.mutate({ method: "POST", path: `/training-runs/${id}/cancel` })}>
            Cancel
          </Button>
        )
      }
    >
      <Loaded query={run} height={320}>
        {(found) => <Run run={found} />}
      </Loaded>
    </Page>
  );
}

function Run({ run }: { run: TrainingRun }) {
  const lines = curveLines(run.epochs);
  const version = useRead<ModelVersion>(run.model_version ? `/model-versions/${run.model_version}` : null);
  const start = useRead<ModelVersion>(run.start_from ? `/model-versions/${run.start_from}` : null);
  const data = useRead<DatasetVersion>(run.dataset_version ? `/dataset-versions/${run.dataset_version}` : null);
  const log = useRead<string>(`/training-runs/${run.id}/log`, undefined, { every: run.state === "running" ? 3000 : false });
  return (
    <>
      {run.error && <Notice tone="bad">{run.error}</Notice>}
      {version.data && (
        <Notice tone="ok">
          It became{" "}
          <Link key="l" className={css.link} to={`/models/${version.data.model_name}/${version.data.number}`}>
            {version.data.title}
          </Link>
          .
        </Notice>
      )}
      <div className={css.columns}>
        <Card title="Curve" aside={<Legend lines={lines} />}>
          {lines.length === 0 ? (
            <p className={dim}>{run.state === "queued" ? "Waiting for its turn." : "The first epoch is still running."}</p>
          ) : (
            <Curve label="Training curve" total={run.epochs[0]?.epochs ?? run.epochs.length} lines={lines} height={220} />
          )}
        </Card>
        <Card title="What it was given">
          <Rows
            rows={[
              ["Trainer", run.trainer],
              [
                "Training data",
                data.data && (
                  <Link key="l" className={css.link} to={`/datasets/${data.data.dataset_name}/${data.data.number}`}>
                    {data.data.title}
                  </Link>
                ),
              ],
              [
                "Started from",
                start.data ? (
                  <Link key="l" className={css.link} to={`/models/${start.data.model_name}/${start.data.number}`}>
                    {start.data.title}
                  </Link>
                ) : (
                  "nothing"
                ),
              ],
              ["Begun", <Time key="t" at={run.started_at ?? run.created_at} />],
              ["Took", took(run)],
              ...Object.entries(run.parameters).map(([name, value]): [string, string] => [name, String(value)]),
            ]}
          />
        </Card>
      </div>
      <Card title="Log">
        <pre className={css.log} tabIndex={0} aria-label="Log">
          {log.data || "Nothing written yet."}
        </pre>
      </Card>
    </>
  );
}

function Legend({ lines }: { lines: { name: string; colour: string }[] }) {
  return (
    <span className={css.legend}>
      {lines.map((line) => (
        <span key={line.name} style={{ color: line.colour }}>
          {line.name}
        </span>
      ))}
    </span>
  );
}
