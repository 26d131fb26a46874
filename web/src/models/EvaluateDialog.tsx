/* Judges a version on the images somebody chooses: a dataset version and a split of it. */
import { useState } from "react";
import type { DatasetVersion, Evaluation, ModelVersion, Page as Items } from "../api/types";
import { useGet, useReads, useSend } from "../api/use";
import { Button, Field, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { plural, words } from "../design/format";
import { Notice } from "../design/status";

export function EvaluateButton({ version }: { version: ModelVersion }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        Evaluate
      </Button>
      {open && <EvaluateDialog version={version} onClose={() => setOpen(false)} />}
    </>
  );
}

function EvaluateDialog({ version, onClose }: { version: ModelVersion; onClose: () => void }) {
  const datasets = useGet("/datasets");
  const fitting = (datasets.data?.items ?? []).filter((one) => one.task === version.task);
  const versions = useReads<Items<DatasetVersion>>(fitting.map((one) => `/datasets/${one.name}/versions`)).flatMap((page) => page.items);
  const [picked, setPicked] = useState("");
  const [split, setSplit] = useState("test");
  const chosen = versions.find((one) => one.id === picked) ?? versions.find((one) => one.id === version.dataset_version) ?? versions[0];
  const start = useSend<Evaluation>("/evaluations", "/jobs");
  const images = chosen?.images[split] ?? 0;
  const body = { model_version: version.id, dataset_version: chosen?.id, split, part: "all" };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Evaluate ${version.title}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={images === 0 || start.isPending}
            onClick={() => start.mutate({ method: "POST", path: "/evaluations", body }, { onSuccess: onClose })}
          >
            Evaluate on {plural(images, "image")}
          </Button>
        </>
      }
    >
      {datasets.data && fitting.length === 0 ? (
        <Notice>There is no {version.task} dataset to evaluate it on: import one first.</Notice>
      ) : (
        <div style={{ display: "grid", gap: 16 }}>
          <Field label="Dataset version">
            <Select
              value={chosen?.id ?? ""}
              onChange={(event) => setPicked(event.target.value)}
              options={versions.map((one) => ({
                value: one.id,
                title: one.id === version.dataset_version ? `${one.title} (trained on it)` : one.title,
              }))}
            />
          </Field>
          <Field label="Split" hint={split === "train" ? "The version may have been trained on these: its scores say little." : undefined}>
            <Select
              value={split}
              onChange={(event) => setSplit(event.target.value)}
              options={["test", "validation", "train"].map((one) => ({
                value: one,
                title: `${words(one)}: ${plural(chosen?.images[one] ?? 0, "image")}`,
              }))}
            />
          </Field>
        </div>
      )}
      {start.error && <Notice tone="bad">{start.error.message}</Notice>}
    </Dialog>
  );
}
