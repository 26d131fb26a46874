/* What another version would have answered to the latest images, before any traffic sees it. */
import { useState } from "react";
import { asSentence } from "../api/sentence";
import type { Deployment, Job, Replayed } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Input, Select } from "../design/controls";
import { count, plural } from "../design/format";
import { Card, dim, Loaded, tableClass } from "../design/page";
import { Bar, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./loop.module.css";
import { moved } from "./replayed";
import { ReplayViewer } from "./ReplayViewer";

const MOST = 2000;

export function ReplayCard({ deployment }: { deployment: Deployment }) {
  const jobs = useGet("/jobs", { about: deployment.id, kind: "replay", limit: 10 }, { every: 2000 });
  const [picked, setPicked] = useState<string | null>(null);
  const all = jobs.data?.items ?? [];
  const running = all.find((job) => job.state === "queued" || job.state === "running");
  const done = all.filter((job) => job.state === "succeeded");
  const shown = done.find((job) => job.id === picked) ?? done[0];
  const failed = !running && all[0]?.state === "failed" ? all[0] : null;
  return (
    <Card title="Replay" aside={<Ask deployment={deployment} busy={Boolean(running)} />}>
      <div className={css.form}>
        {running && <Running job={running} />}
        {failed && <Notice tone="bad">{asSentence(failed.error ?? "It failed.")}</Notice>}
        {done.length > 1 && (
          <Select
            aria-label="Replays"
            value={shown?.id}
            onChange={(event) => setPicked(event.target.value)}
            options={done.map((job) => ({ value: job.id, title: job.title }))}
          />
        )}
        {shown ? (
          <Result key={shown.id} job={shown} deployment={deployment} />
        ) : (
          !running && (
            <p className={dim}>
              Choose a version: it answers the latest images again, and nobody is answered by it. You see where it differs, image by image.
            </p>
          )
        )}
      </div>
    </Card>
  );
}

function Ask({ deployment, busy }: { deployment: Deployment; busy: boolean }) {
  const versions = useGet(deployment.champion ? `/models/${deployment.champion.model_name}/versions` : null);
  const others = [...(versions.data?.items ?? [])].sort((a, b) => b.number - a.number).filter(({ id }) => id !== deployment.champion?.id);
  const [picked, setPicked] = useState("");
  const [images, setImages] = useState("200");
  const ask = useSend<Job>("/jobs");
  const version = others.some(({ id }) => id === picked) ? picked : others[0]?.id;
  const wanted = Number(images);
  const submit = () =>
    ask.mutate({ method: "POST", path: `/deployments/${deployment.name}/replays`, body: { model_version: version, images: wanted } });
  if (others.length === 0) return null;
  return (
    <form className={css.actions} onSubmit={(event) => (event.preventDefault(), submit())}>
      <Select
        aria-label="Version to replay with"
        value={version}
        onChange={(event) => setPicked(event.target.value)}
        options={others.map(({ id, title }) => ({ value: id, title }))}
      />
      on the last
      <Input
        type="number"
        aria-label="Images to replay"
        className={css.small}
        min={1}
        max={MOST}
        value={images}
        onChange={(event) => setImages(event.target.value)}
      />
      images
      <Button icon="play" type="submit" disabled={busy || ask.isPending || !(wanted >= 1 && wanted <= MOST)}>
        Replay
      </Button>
      {ask.error && <Notice tone="bad">{ask.error.message}</Notice>}
    </form>
  );
}

function Running({ job }: { job: Job }) {
  const cancel = useSend("/jobs");
  return (
    <div className={css.run1}>
      <span>
        {job.title}: {count(job.done)}
        {job.total ? ` of ${count(job.total)}` : ""}
      </span>
      <Bar value={job.done} total={job.total ?? 0} label={job.title} />
      <Button small disabled={cancel.isPending} onClick={() => cancel.mutate({ method: "POST", path: `/jobs/${job.id}/cancel` })}>
        Cancel
      </Button>
    </div>
  );
}

function Result({ job, deployment }: { job: Job; deployment: Deployment }) {
  const replay = useGet(`/replays/${job.id}`);
  return (
    <Loaded query={replay} height={200}>
      {(found) => (
        <>
          <p>
            <strong>{found.model_version.title}</strong> would answer {plural(found.different, "image")} of {count(found.images)}{" "}
            differently
            {found.gone > 0 && `; ${count(found.gone)} are not kept any more`}.{" "}
            <span className={dim}>
              Replayed <Time at={job.finished_at} />.
            </span>
          </p>
          {found.items.length > 0 && <ReplayViewer replayed={found} deployment={deployment} />}
          <Labels replayed={found} />
        </>
      )}
    </Loaded>
  );
}

function Labels({ replayed }: { replayed: Replayed }) {
  const rows = moved(replayed.labels);
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>How often each label is said</summary>
      <table className={tableClass}>
        <thead>
          <tr>
            <th>Label</th>
            <th data-n>Then</th>
            <th data-n>{replayed.model_version.title}</th>
            <th data-n>Change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, before, after }) => (
            <tr key={label}>
              <td>{label}</td>
              <td data-n>{count(before)}</td>
              <td data-n>{count(after)}</td>
              <td data-n>
                {after > before && "+"}
                {count(after - before)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
