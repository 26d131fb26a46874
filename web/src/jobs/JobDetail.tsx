/* What a job did: its steps, when it ran, what came of it, and the lines its trainer wrote. */
import { Link } from "react-router";
import { asSentence } from "../api/sentence";
import type { Job } from "../api/types";
import { useGet, useRead } from "../api/use";
import { duration, words } from "../design/format";
import { Log as Lines } from "../design/Log";
import { Rows } from "../design/page";
import { Time } from "../design/Time";
import css from "./jobs.module.css";

const LINES = 60;

export function JobDetail({ job }: { job: Job }) {
  const seconds = job.started_at && job.finished_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
  const result = Object.entries(job.result ?? {}).filter(([, value]) => typeof value !== "object" && value !== null);
  return (
    <div className={css.detail}>
      {(job.finished_steps.length > 0 || job.step) && (
        <ol className={css.steps} aria-label="Steps">
          {job.finished_steps.map((step) => (
            <li key={step} data-state="done">
              {words(step)}
            </li>
          ))}
          {job.step && !job.finished_steps.includes(job.step) && <li data-state={job.state}>{words(job.step)}</li>}
        </ol>
      )}
      <Rows
        rows={[
          ["Asked for", <Time key="a" at={job.created_at} exact />],
          ["Began", job.started_at && <Time key="b" at={job.started_at} exact />],
          ["Ended", job.finished_at && <Time key="c" at={job.finished_at} exact />],
          ["Took", seconds === null ? null : duration(seconds)],
          ["Said last", asSentence(job.message ?? "")],
          ...result.map(([name, value]): [string, string] => [name.replaceAll("_", " "), String(value)]),
          ["Job", <code key="j">{job.id}</code>],
        ]}
      />
      {(job.kind === "train" || job.kind === "retrain") && <Log job={job} />}
    </div>
  );
}

function Log({ job }: { job: Job }) {
  const runs = useGet("/training-runs", { limit: 100 });
  const run = runs.data?.items.find((one) => one.job === job.id);
  const log = useRead<string>(run ? `/training-runs/${run.id}/log` : null, undefined, { every: job.state === "running" ? 3000 : false });
  if (!run) return null;
  const lines = (log.data ?? "").trimEnd().split("\n").slice(-LINES).join("\n");
  return (
    <div className={css.log}>
      <Link className={css.link} to={`/training/${run.id}`}>
        Curve, parameters and the whole log
      </Link>
      {lines && <Lines label="The last lines of the log" text={lines} />}
    </div>
  );
}
