/* Renames, merges, splits, drops or adds labels: what it would do, before it is done. */
import { useEffect, useState } from "react";
import { send } from "../api/client";
import type { DatasetVersion, LabelChange, LabelPreview, LabelRule } from "../api/types";
import { Button, Field, Input, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { dim } from "../design/page";
import { Bar, Notice } from "../design/status";
import css from "./datasets.module.css";
import { Tile } from "./Tile";
import { useNextVersion } from "./useNextVersion";

/** `labels`: what is changed, nothing to add one. `assets`: only in these images. */
export type Wanted = { kind: "rename" | "merge" | "split" | "drop" | "add"; labels: string[]; assets?: string[] };

const TITLES: Record<Wanted["kind"], string> = {
  rename: "Rename a label",
  merge: "Merge labels",
  split: "Split a label",
  drop: "Drop a label",
  add: "Add a label",
};

export function ChangeLabels({ version, wanted, onClose }: { version: DatasetVersion; wanted: Wanted; onClose: () => void }) {
  const [to, setTo] = useState(wanted.kind === "merge" ? (wanted.labels[0] ?? "") : "");
  // A classified image has no shape, and so no area.
  const shapes = version.task !== "classification";
  const [by, setBy] = useState(shapes ? "area" : "source");
  const [area, setArea] = useState("1024");
  const [source, setSource] = useState("");
  const making = useNextVersion(version.dataset_name);
  const change = rulesOf(version, wanted, to.trim(), by, Number(area), source.trim());
  const { seen, problem } = usePreview(version.dataset_name, change);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={TITLES[wanted.kind]}
      lead={lead(wanted)}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={!seen || making.busy}
            onClick={() => void making.ask(`/datasets/${version.dataset_name}/labels`, change)}
          >
            {making.busy ? "Making…" : `Make version ${version.number + 1}`}
          </Button>
        </>
      }
    >
      <div className={css.change}>
        {wanted.kind !== "drop" && (
          <Field label={wanted.kind === "split" ? "The part is called" : "New name"}>
            <Input autoFocus value={to} maxLength={200} list="labels-there" onChange={(event) => setTo(event.target.value)} />
          </Field>
        )}
        <datalist id="labels-there">
          {version.labels.map((label) => (
            <option key={label} value={label} />
          ))}
        </datalist>
        {wanted.kind === "split" && !wanted.assets && (
          <div className={css.where}>
            <Field label="What belongs to it">
              <Select
                value={by}
                onChange={(event) => setBy(event.target.value)}
                options={[
                  ...(shapes ? [{ value: "area", title: "Shapes smaller than" }] : []),
                  { value: "source", title: "Images from the source" },
                ]}
              />
            </Field>
            {by === "area" ? (
              <Field label="Square pixels">
                <Input type="number" min={1} value={area} onChange={(event) => setArea(event.target.value)} />
              </Field>
            ) : (
              <Field label="Source">
                <Input value={source} onChange={(event) => setSource(event.target.value)} />
              </Field>
            )}
          </div>
        )}
        {problem && <Notice tone="bad">{problem}</Notice>}
        {making.problem && <Notice tone="bad">{making.problem}</Notice>}
        {making.busy && <Bar value={making.done} total={making.total ?? 1} label="Making the version" />}
        {seen && <Seen seen={seen} />}
      </div>
    </Dialog>
  );
}

function Seen({ seen }: { seen: LabelPreview }) {
  return (
    <>
      {seen.rules.map((rule, i) => (
        <div key={i} className={css.effect}>
          <p>
            <b>{rule.label}</b>{" "}
            {rule.to === null ? (
              "is dropped from"
            ) : (
              <>
                becomes <b>{rule.to}</b> in
              </>
            )}{" "}
            {plural(rule.images, "image")}, {plural(rule.annotations, "annotation")}
            {rule.images > 0 && (
              <span className={dim}>
                {" "}
                (
                {Object.entries(rule.by_split)
                  .filter(([, n]) => n > 0)
                  .map(([split, n]) => `${count(n)} ${split}`)
                  .join(", ")}
                )
              </span>
            )}
          </p>
          <div className={css.few}>
            {rule.examples.map((item) => (
              <Tile
                key={item.asset}
                item={item}
                labels={seen.labels}
                shapes={item.annotations.map((one) => ({ ...one, answered: one.label === rule.to }))}
              />
            ))}
          </div>
        </div>
      ))}
      {seen.left > 0 && <Notice tone="warn">{plural(seen.left, "image")} would be without a label and leave the dataset.</Notice>}
      {seen.doubled > 0 && <Notice>{plural(seen.doubled, "annotation")} that lie exactly on another one count once.</Notice>}
      <p>
        Labels afterwards: <b>{seen.labels.join(", ")}</b>
      </p>
      {seen.deployments.map((one) => (
        <Notice key={one.id}>
          <b>{one.name}</b>: {one.sentence}
        </Notice>
      ))}
    </>
  );
}

function rulesOf(version: DatasetVersion, wanted: Wanted, to: string, by: string, area: number, source: string): LabelChange | null {
  const after = version.number;
  if (wanted.kind === "drop") return { rules: wanted.labels.map((label) => ({ label, to: null })), after };
  if (!to) return null;
  if (wanted.kind === "add") return { add: [to], after };
  const chosen = wanted.assets?.length ? { assets: wanted.assets } : null;
  const part = by === "area" ? (area > 0 ? { area_below: area } : null) : source ? { sources: [source] } : null;
  const where = chosen ?? (wanted.kind === "split" ? part : null);
  if (wanted.kind === "split" && !where) return null;
  const rules: LabelRule[] = wanted.labels.filter((label) => label !== to).map((label) => (where ? { label, to, where } : { label, to }));
  return rules.length > 0 ? { rules, after } : null;
}

function lead(wanted: Wanted): string {
  const inImages = wanted.assets ? ` in ${plural(wanted.assets.length, "chosen image")}` : "";
  if (wanted.kind === "add") return "A new version knows it; reviews of the deployments that feed this dataset can use it.";
  return `${wanted.labels.join(", ")}${inImages}. A new version is made, the earlier ones stay as they are.`;
}

type Answer = { asked: string | null; seen: LabelPreview | null; problem: string };

/** Asked again a moment after the last change of what is wanted. */
function usePreview(dataset: string, change: LabelChange | null): { seen: LabelPreview | null; problem: string } {
  const [answer, setAnswer] = useState<Answer>({ asked: null, seen: null, problem: "" });
  const asked = change && JSON.stringify(change);
  useEffect(() => {
    if (!asked) return;
    const stop = new AbortController();
    const later = setTimeout(() => {
      send<LabelPreview>("POST", `/datasets/${dataset}/labels/preview`, JSON.parse(asked), {}, stop.signal).then(
        (seen) => setAnswer({ asked, seen, problem: "" }),
        (error: unknown) => {
          const problem = error instanceof Error ? error.message : "There is no preview.";
          if (!stop.signal.aborted) setAnswer({ asked, seen: null, problem });
        },
      );
    }, 250);
    return () => {
      clearTimeout(later);
      stop.abort();
    };
  }, [asked, dataset]);
  return answer.asked === asked ? answer : { seen: null, problem: "" };
}
