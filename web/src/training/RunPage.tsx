/* One training run: its curve as it grows, what it was given, and its log. */
import { Link, useParams } from "react-router";
import { asSentence } from "../api/sentence";
import type { DatasetVersion, ModelVersion, TrainingRun } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Curve } from "../design/charts/Curve";
import { curveEnd, curveLines } from "../design/curveLines";
import { Confirm } from "../design/Dialog";
import { bytes, duration } from "../design/format";
import { Log } from "../design/Log";
import { Card, dim, Loaded, Page, Rows } from "../design/page";
import { JobChip, Notice } from "../design/status";
import { Time } from "../design/Time";
import { Again } from "./Again";
import { environmentRows } from "./facts";
import { took } from "./RunsPage";
import css from "./training.module.css";

const OPEN = ["queued", "running"];
const NO_CURVE: Record<string, string> = { queued: "Waiting for its turn.", running: "The first epoch is still running." };

export default function RunPage() {
  const { id = "" } = useParams();
  const run = useRead<TrainingRun>(`/training-runs/${id}`, undefined, { every: 2000, until: ({ state }) => !OPEN.includes(state) });
  const cancel = useSend("/training-runs", "/jobs");
  const open = run.data && OPEN.includes(run.data.state);
  return (
    <Page
      title={run.data ? `Training ${run.data.model}` : "Training run"}
      crumbs={[{ title: "Training runs", to: "/training" }]}
      chips={run.data && <JobChip state={run.data.state} />}
      actions={
        open ? (
          <Confirm
            button="Cancel"
            title="Cancel this run?"
            lead="What it has trained so far is dropped."
            action="Cancel the run"
            otherwise="Let it go on"
            onConfirm={() => cancel.mutate({ method: "POST", path: `/training-runs/${id}/cancel` })}
          />
        ) : (
          run.data && <Again run={run.data} />
        )
      }
    >
      {cancel.error && <Notice tone="bad">{cancel.error.message}</Notice>}
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
      {run.error && run.state !== "cancelled" && <Notice tone="bad">{asSentence(run.error)}</Notice>}
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
            <p className={dim}>{NO_CURVE[run.state] ?? "No epoch was finished."}</p>
          ) : (
            <Curve label="Training curve" total={curveEnd(run.epochs, !OPEN.includes(run.state))} lines={lines} height={220} />
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
              [
                "Does again",
                run.repeats && (
                  <span key="r">
                    <Link className={css.link} to={`/training/${run.repeats}`}>
                      an earlier run
                    </Link>{" "}
                    ·{" "}
                    <Link className={css.link} to={`/training/compare?runs=${run.repeats},${run.id}`}>
                      compare the two
                    </Link>
                  </span>
                ),
              ],
              ...Object.entries(run.parameters).map(([name, value]): [string, string] => [name, text(value)]),
            ]}
          />
        </Card>
      </div>
      <Card title="What it took and ran with">
        <Rows
          rows={[
            ["Time", took(run)],
            ["Processor", run.used && duration(run.used.cpu_s)],
            ["Memory at its peak", run.used?.peak_memory_bytes && bytes(run.used.peak_memory_bytes)],
            ...environmentRows(run.environment),
          ]}
        />
      </Card>
      <Card title="Log">
        <Log
          label="Log"
          text={log.data || (run.state === "running" || run.state === "queued" ? "Nothing written yet." : "Nothing was written.")}
        />
      </Card>
    </>
  );
}

function text(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
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
