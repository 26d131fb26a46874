/* Registers an ONNX file as the next version of a model. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import type { ModelVersion } from "../api/types";
import { Button, Field, Input, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";

export function RegisterButton({ model }: { model?: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="primary" icon="plus" onClick={() => setOpen(true)}>
        {model ? "Register a version" : "Register a model"}
      </Button>
      {open && <RegisterDialog model={model} onClose={() => setOpen(false)} />}
    </>
  );
}

function RegisterDialog({ model, onClose }: { model?: string; onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState(model ?? "");
  const [task, setTask] = useState("");
  const [labels, setLabels] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const navigate = useNavigate();

  const register = async (event: FormEvent) => {
    event.preventDefault();
    if (!file) return;
    const form = new FormData();
    form.set("file", file);
    if (task) form.set("task", task);
    const listed = labels
      .split(/[\n,]/)
      .map((label) => label.trim())
      .filter(Boolean);
    if (listed.length) form.set("labels", JSON.stringify(listed));
    setBusy(true);
    setProblem("");
    try {
      const version = await send<ModelVersion>("POST", `/models/${encodeURIComponent(name.trim())}/versions`, form);
      await client.invalidateQueries();
      void navigate(`/models/${version.model_name}/${version.number}`);
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={model ? `A new version of ${model}` : "Register a model"}
      lead="Task, labels and input are read from the file where it declares them."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="register" disabled={!file || !name.trim() || busy}>
            {busy ? "Checking the file…" : "Register"}
          </Button>
        </>
      }
    >
      <form id="register" onSubmit={(event) => void register(event)} style={{ display: "grid", gap: 16 }}>
        <Field label="ONNX file">
          <Input type="file" accept=".onnx" style={{ paddingTop: 3 }} onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
        </Field>
        {!model && (
          <Field label="Name">
            <Input value={name} onChange={(event) => setName(event.target.value)} placeholder="scratches" />
          </Field>
        )}
        <Field label="Task" hint="Only needed when the file does not say.">
          <Select
            value={task}
            onChange={(event) => setTask(event.target.value)}
            options={[
              { value: "", title: "As the file declares" },
              { value: "classification", title: "Classification" },
              { value: "detection", title: "Detection" },
              { value: "segmentation", title: "Segmentation" },
            ]}
          />
        </Field>
        <Field label="Labels" hint="In the order of the model's outputs, separated by commas. Empty: as the file declares.">
          <Input value={labels} onChange={(event) => setLabels(event.target.value)} placeholder="bolt, nut, washer" />
        </Field>
        {problem && <Notice tone="bad">{problem}</Notice>}
      </form>
    </Dialog>
  );
}
