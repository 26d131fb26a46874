/* Starts a training run: which model, on which images, with which trainer. */
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import type { Dataset, Model, Page as Items, Trainer, TrainingRun } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { plural, words } from "../design/format";
import { typedAll } from "../design/parameter";
import { Notice } from "../design/status";
import css from "./training.module.css";

export function StartButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="play" look="primary" onClick={() => setOpen(true)}>
        Start a run
      </Button>
      {open && <StartDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function StartDialog({ onClose }: { onClose: () => void }) {
  const datasets = useRead<Items<Dataset>>("/datasets");
  const trainers = useRead<Items<Trainer>>("/trainers");
  const models = useRead<Items<Model>>("/models");
  const [picked, setDataset] = useState("");
  const [typedModel, setModel] = useState<string | null>(null);
  const [pickedTrainer, setTrainer] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const [warm, setWarm] = useState(true);
  const start = useSend<TrainingRun>("/training-runs", "/jobs");
  const navigate = useNavigate();

  const usable = (datasets.data?.items ?? []).filter((one) => one.latest);
  const dataset = usable.find((one) => one.id === picked) ?? usable[0];
  const fitting = (trainers.data?.items ?? []).filter((one) => dataset && one.tasks.includes(dataset.task));
  const trainer = fitting.find((one) => one.name === pickedTrainer) ?? fitting.find((one) => one.name === "compact") ?? fitting[0];
  const model = typedModel ?? dataset?.name ?? "";
  const known = models.data?.items.find((one) => one.name === model);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!dataset?.latest || !trainer) return;
    const body = {
      model,
      dataset_version: dataset.latest.id,
      trainer: trainer.name,
      parameters: typedAll(values),
      start_from: known?.latest && warm ? known.latest.id : null,
    };
    start.mutate({ method: "POST", path: "/training-runs", body }, { onSuccess: (run) => void navigate(`/training/${run.id}`) });
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title="Start a training run"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="start" disabled={!dataset || !trainer?.available || !model || start.isPending}>
            Start
          </Button>
        </>
      }
    >
      <form id="start" className={css.form} onSubmit={submit}>
        {usable.length === 0 ? (
          <Notice>There is no dataset yet. Import one first.</Notice>
        ) : (
          <Field
            label="Dataset"
            hint={dataset?.latest && `${dataset.latest.title}, ${plural(dataset.latest.images.train ?? 0, "training image")}`}
          >
            <Select
              value={dataset?.id}
              onChange={(event) => setDataset(event.target.value)}
              options={usable.map((one) => ({ value: one.id, title: one.name }))}
            />
          </Field>
        )}
        <Field label="Model" hint={known ? `The result becomes version ${known.versions + 1}.` : "A new model."}>
          <Input value={model} onChange={(event) => setModel(event.target.value)} />
        </Field>
        {known?.latest && (
          <Switch checked={warm} onChange={setWarm}>
            Start from {known.latest.title}
          </Switch>
        )}
        <Field label="Trainer">
          <Select
            value={trainer?.name}
            onChange={(event) => (setTrainer(event.target.value), setValues({}))}
            options={fitting.map((one) => ({ value: one.name, title: one.title }))}
          />
        </Field>
        {trainer && !trainer.available && <Notice tone="warn">{trainer.missing}</Notice>}
        <div className={css.parameters}>
          {Object.entries(trainer?.parameters ?? {}).map(([name, parameter]) => (
            <Field key={name} label={words(name)}>
              <Input
                title={parameter.title}
                placeholder={String(parameter.default ?? "")}
                value={values[name] ?? ""}
                onChange={(event) => setValues({ ...values, [name]: event.target.value })}
              />
            </Field>
          ))}
        </div>
        {start.error && <Notice tone="bad">{start.error.message}</Notice>}
      </form>
    </Dialog>
  );
}
