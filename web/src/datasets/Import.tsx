/* A zip dropped here becomes a dataset version; what is wrong with it is said line by line. */
import { useState, type DragEvent } from "react";
import { Link } from "react-router";
import { send } from "../api/client";
import type { Job, ReportLine } from "../api/types";
import { useRead } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { bytes, count, plural } from "../design/format";
import { Card, dim, tableClass } from "../design/page";
import { Bar, Notice } from "../design/status";
import css from "./datasets.module.css";

export function Import({ taken, name: fixed }: { taken: string[]; name?: string }) {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState(fixed ?? "");
  const [format, setFormat] = useState("auto");
  const [skip, setSkip] = useState(false);
  const [over, setOver] = useState(false);
  const [job, setJob] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);

  const choose = (chosen: File | undefined) => {
    if (!chosen) return;
    setFile(chosen);
    setJob(null);
    setProblem("");
    if (!fixed && !name)
      setName(
        chosen.name
          .replace(/\.zip$/i, "")
          .replaceAll(/[^\w-]+/g, "-")
          .toLowerCase(),
      );
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer.files[0]);
  };
  const upload = async () => {
    if (!file) return;
    setSending(true);
    setProblem("");
    try {
      const started = await send<Job>("POST", `/datasets/${encodeURIComponent(name)}/import?format=${format}&skip_bad=${skip}`, file, {
        "content-type": "application/zip",
      });
      setJob(started.id);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It could not be sent.");
    } finally {
      setSending(false);
    }
  };

  return (
    <Card title={fixed ? "Import another version" : "Import a dataset"}>
      <div className={css.import}>
        <label
          className={css.drop}
          data-over={over}
          onDragOver={(event) => (event.preventDefault(), setOver(true))}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <strong>{file ? `${file.name}, ${bytes(file.size)}` : "Drop a zip here, or click to choose"}</strong>
          <span>COCO: annotations.json and images/. Or one folder of images per label.</span>
          <input
            className="visually-hidden"
            type="file"
            accept=".zip,application/zip"
            aria-label="Zip file to import"
            onChange={(event) => choose(event.target.files?.[0])}
          />
        </label>
        {file && (
          <div className={css.options}>
            {!fixed && (
              <Field label="Name" hint={taken.includes(name) ? "It becomes the next version of that dataset." : "A new dataset."}>
                <Input value={name} onChange={(event) => setName(event.target.value)} />
              </Field>
            )}
            <Field label="Format">
              <Select
                value={format}
                onChange={(event) => setFormat(event.target.value)}
                options={[
                  { value: "auto", title: "Find out" },
                  { value: "coco", title: "COCO" },
                  { value: "folder", title: "Folder per label" },
                ]}
              />
            </Field>
            <Switch checked={skip} onChange={setSkip}>
              Leave out what is broken and import the rest
            </Switch>
            <Button look="primary" disabled={!name || sending} onClick={() => void upload()}>
              {sending ? "Sending…" : "Import"}
            </Button>
          </div>
        )}
        {problem && <Notice tone="bad">{problem}</Notice>}
        {job && <Outcome id={job} name={name} />}
      </div>
    </Card>
  );
}

type Result = { number?: number; images?: number; skipped?: number; created?: boolean; report?: ReportLine[] };

function Outcome({ id, name }: { id: string; name: string }) {
  const [over, setOver] = useState(false);
  const job = useRead<Job>(`/jobs/${id}`, undefined, { every: over ? false : 700 });
  const data = job.data;
  const open = !data || data.state === "queued" || data.state === "running";
  if (!open && !over) setOver(true);
  if (open) {
    return (
      <div className={css.outcome}>
        <span className={dim}>{data?.message ?? "Reading the file"}</span>
        <Bar value={data?.done ?? 0} total={data?.total || 1} label="Importing" />
      </div>
    );
  }
  const result = (data.result ?? {}) as Result;
  const report = result.report ?? [];
  return (
    <div className={css.outcome}>
      {data.state === "succeeded" ? (
        <Notice tone="ok">
          {result.created === false
            ? "The same content is already there: "
            : `${plural(result.images ?? 0, "image")} imported${result.skipped ? `, ${count(result.skipped)} left out` : ""}: `}
          <Link className={css.link} to={`/datasets/${name}/${result.number ?? ""}`}>
            {name} v{result.number}
          </Link>
        </Notice>
      ) : (
        <Notice tone="bad">{data.error ?? "The import did not finish."} Nothing was imported.</Notice>
      )}
      {report.length > 0 && (
        <div className={css.report}>
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Line</th>
                <th>File</th>
                <th>Problem</th>
              </tr>
            </thead>
            <tbody>
              {report.map((line, i) => (
                <tr key={i}>
                  <td>{line.line}</td>
                  <td>{line.file}</td>
                  <td>{line.problem}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
