/* A zip or a folder dropped here becomes a dataset version; what is wrong with it is said kind by kind. */
import { useRef, useState, type DragEvent } from "react";
import type { DatasetFormat, Job, Page } from "../api/types";
import { upload } from "../api/upload";
import { useRead } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { bytes, plural } from "../design/format";
import { Card, dim } from "../design/page";
import { Bar, Notice } from "../design/status";
import css from "./datasets.module.css";
import { nameFor, ofDrop, ofList, type Dropped } from "./dropped";
import { Outcome } from "./Outcome";
import { tooMuch, zip } from "./zip";

type Sending = { doing: "Reading" | "Sending"; done: number; total: number };

const PRODUCTION = [
  { value: "", title: "Left out" },
  { value: "train", title: "Train" },
  { value: "validation", title: "Validation" },
  { value: "test", title: "Test" },
];

const TASKS = [
  { value: "", title: "Find out" },
  { value: "detection", title: "Detection: boxes, also around outlines" },
];

export function Import({ taken, name: fixed }: { taken: string[]; name?: string }) {
  const formats = useRead<Page<DatasetFormat>>("/dataset-formats");
  const [chosen, setChosen] = useState<Dropped | null>(null);
  const [typed, setTyped] = useState<string | null>(fixed ?? null);
  const [format, setFormat] = useState("auto");
  const [production, setProduction] = useState("");
  const [task, setTask] = useState("");
  const [skip, setSkip] = useState(false);
  const [over, setOver] = useState(false);
  const [job, setJob] = useState<{ id: string; name: string } | null>(null);
  const [unfit, setUnfit] = useState("");
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState<Sending | null>(null);
  const stop = useRef(new AbortController());

  const choose = (found: Dropped | null) => {
    setJob(null);
    setUnfit((found?.files && tooMuch(found.files)) || "");
    setProblem(found ? "" : "There is no file in it.");
    setChosen(found);
  };
  const name = typed ?? nameFor(chosen?.name ?? "");
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void ofDrop(event.dataTransfer).then(choose, () => setProblem("The folder could not be read."));
  };
  const start = async (skipBad: boolean) => {
    if (!chosen) return;
    stop.current = new AbortController();
    const { signal } = stop.current;
    const show = (doing: Sending["doing"]) => (done: number) => setSending({ doing, done, total: chosen.bytes });
    setSkip(skipBad);
    setProblem("");
    setJob(null);
    try {
      const body = chosen.zip ?? (await zip(chosen.files, show("Reading"), signal));
      const called = name.trim();
      const asked = { format, skip_bad: skipBad, production, task };
      const begun = await upload<Job>(`/datasets/${encodeURIComponent(called)}/import`, asked, body, show("Sending"), signal);
      setJob({ id: begun.id, name: called });
    } catch (error) {
      if (!signal.aborted) setProblem(error instanceof Error ? error.message : "It could not be sent.");
    } finally {
      setSending(null);
    }
  };

  return (
    <Card title={fixed ? "Import another version" : "Import a dataset"}>
      <div className={css.import}>
        <div
          className={css.drop}
          data-over={over}
          onDragOver={(event) => (event.preventDefault(), setOver(true))}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <strong>{chosen ? described(chosen) : "Drop a zip or a folder here"}</strong>
          <span className={css.choices}>
            <Choose title="Choose a zip" onChoose={choose} />
            <Choose title="Choose a folder" folder onChoose={choose} />
          </span>
          {!chosen && (
            <ul className={css.formats}>
              {formats.data?.items.map((one) => (
                <li key={one.name}>
                  <b>{one.title}</b> {one.layout}
                </li>
              ))}
            </ul>
          )}
        </div>
        {chosen && (
          <div className={css.options}>
            {!fixed && (
              <Field label="Name" hint={taken.includes(name.trim()) ? "It becomes the next version of that dataset." : "A new dataset."}>
                <Input value={name} onChange={(event) => setTyped(event.target.value)} />
              </Field>
            )}
            <Field label="Format">
              <Select
                value={format}
                onChange={(event) => setFormat(event.target.value)}
                options={[
                  { value: "auto", title: "Find out" },
                  ...(formats.data?.items ?? []).map((one) => ({ value: one.name, title: one.title })),
                ]}
              />
            </Field>
            <Field label="Task">
              <Select value={task} onChange={(event) => setTask(event.target.value)} options={TASKS} />
            </Field>
            <Field label="Images set apart as production">
              <Select value={production} onChange={(event) => setProduction(event.target.value)} options={PRODUCTION} />
            </Field>
            <Switch checked={skip} onChange={setSkip}>
              Leave out what is broken and import the rest
            </Switch>
            <Button look="primary" disabled={!name.trim() || sending !== null || unfit !== ""} onClick={() => void start(skip)}>
              Import
            </Button>
          </div>
        )}
        {sending && (
          <div className={css.outcome}>
            <span className={dim}>
              {sending.doing} {bytes(sending.done)} of {bytes(sending.total)}{" "}
              <button type="button" className={css.link} onClick={() => stop.current.abort()}>
                Stop
              </button>
            </span>
            <Bar value={sending.done} total={sending.total} label={sending.doing} />
          </div>
        )}
        {(unfit || problem) && <Notice tone="bad">{unfit || problem}</Notice>}
        {job && <Outcome key={job.id} {...job} again={(skipBad) => void start(skipBad)} />}
      </div>
    </Card>
  );
}

function described(chosen: Dropped): string {
  if (chosen.zip) return `${chosen.zip.name}, ${bytes(chosen.bytes)}`;
  return `${chosen.name ? `${chosen.name}: ` : ""}${plural(chosen.files.length, "file")}, ${bytes(chosen.bytes)}`;
}

function Choose({ title, folder, onChoose }: { title: string; folder?: boolean; onChoose: (found: Dropped | null) => void }) {
  // React does not know `webkitdirectory`; every browser does.
  const kind = folder ? { webkitdirectory: "" } : { accept: ".zip,application/zip" };
  return (
    <label className={css.choose}>
      {title}
      <input
        className="visually-hidden"
        type="file"
        {...kind}
        aria-label={folder ? "Folder to import" : "Zip file to import"}
        onChange={(event) => {
          if (event.target.files?.length) onChoose(ofList(event.target.files));
          event.target.value = "";
        }}
      />
    </label>
  );
}
