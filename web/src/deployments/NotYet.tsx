/* The address of a deployment that does not exist: what the server is doing meanwhile, since it may be on its way. */
import { Link } from "react-router";
import type { DatasetItem, TrainingRun } from "../api/types";
import { useGet } from "../api/use";
import { Curve } from "../design/charts/Curve";
import { LinkButton } from "../design/controls";
import { Circle } from "../design/Circle";
import { curveEnd, curveLines } from "../design/curveLines";
import { plural } from "../design/format";
import { Card, dim, Empty, Page, strong } from "../design/page";
import { Picture, type Drawn } from "../design/Picture";
import { Bar, JobChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./deployments.module.css";

const open = (state: string) => state === "running" || state === "queued";

export function NotYet({ name }: { name: string }) {
  const jobs = useGet("/jobs", { limit: 20 }, { every: 1000 });
  const runs = useGet("/training-runs", undefined, { every: 1000 });
  const run = runs.data?.items.find((one) => open(one.state)) ?? runs.data?.items.find((one) => one.model === name);
  const shown = run && open(run.state) ? run.job : null;
  const working = jobs.data?.items.filter((job) => open(job.state) && job.id !== shown) ?? [];
  const coming = run?.model === name && open(run.state);
  const quiet = !run && working.length === 0;
  return (
    <Page
      title={coming ? `${name} is on its way` : `No deployment is called ${name}`}
      crumbs={[{ title: "Deployments", to: "/" }]}
      lead={
        !coming
          ? undefined
          : "Deploy a model. Relens keeps every image it answers, shows when production moves away from the training data, and turns what you correct into the next version. The first version is being made now; this page becomes its dashboard."
      }
    >
      {coming && <Circle />}
      {quiet && (
        <Card>
          <Empty title="Nothing is under way" actions={<LinkButton to="/">Go to deployments</LinkButton>}>
            The address may be mistyped, or the deployment was removed.
          </Empty>
        </Card>
      )}
      {run && <Training run={run} />}
      {coming && <Learns version={run.dataset_version} />}
      {working.length > 0 && (
        <Card title="Under way">
          <ul className={css.working}>
            {working.map((job) => (
              <li key={job.id}>
                <JobChip state={job.state} />
                <span className={strong}>{job.title}</span>
                {(job.total ?? 0) > 0 && <Bar value={job.done} total={job.total ?? 0} label={job.title} />}
                <span className={dim}>{job.message ?? job.step ?? ""}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Page>
  );
}

function Training({ run }: { run: TrainingRun }) {
  const lines = curveLines(run.epochs);
  return (
    <Card
      title={
        <Link className={css.link} to={`/training/${run.id}`}>
          Training {run.model}
        </Link>
      }
      aside={
        <span className={dim}>
          {lines.map((line) => (
            <b key={line.name} className={css.line} style={{ color: line.colour }}>
              {line.name}
            </b>
          ))}
          {run.state}, begun <Time at={run.started_at ?? run.created_at} />
        </span>
      }
    >
      {lines.length === 0 ? (
        <p className={dim}>{run.state === "queued" ? "Waiting for its turn." : "The first epoch is still running."}</p>
      ) : (
        <Curve label="Training curve" total={curveEnd(run.epochs, false)} lines={lines} height={220} />
      )}
    </Card>
  );
}

/** Some of the images that it learns from, with what a person drew on them: what the model is about, seen. */
function Learns({ version }: { version: string }) {
  const data = useGet(`/dataset-versions/${version}`).data;
  const items = useGet(`/dataset-versions/${version}/items`, { split: "train", limit: 10 }).data?.items ?? [];
  if (!data || items.length === 0) return null;
  return (
    <Card title="What it learns from" aside={<span className={dim}>{plural(data.images.train ?? 0, "image")}</span>}>
      <div className={css.answers}>
        {items.map((item: DatasetItem) => (
          <Picture
            key={item.asset}
            asset={item.asset}
            width={item.width ?? 1}
            height={item.height ?? 1}
            shapes={item.annotations as readonly Drawn[]}
            labels={data.labels}
            aspect="4 / 3"
            wide={220}
            names
            alt={item.file_name}
          />
        ))}
      </div>
    </Card>
  );
}
