/* Starts a training run: which model, on which images, with which trainer. */
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import type { Dataset, Model, Page as Items, Trainer, TrainingRun } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { plural, words } from "../design/format";
import { typedAll } from "../design/parameter";
import { dim } from "../design/page";
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
  const [typedValues, setValues] = useState<Record<string, string>>({});
  const [warm, setWarm] = useState(true);
  const start = useSend<TrainingRun>("/training-runs", "/jobs");
  const navigate = useNavigate();

  const usable = (datasets.data?.items ?? []).filter((one) => one.latest);
  const dataset = usable.find((one) => one.id === picked) ?? usable[0];
  const fitting = (trainers.data?.items ?? []).filter((one) => dataset && one.tasks.includes(dataset.task));
  const trainer = fitting.find((one) => one.name === pickedTrainer) ?? fitting.find((one) => one.name === "compact") ?? fitting[0];
  const model = typedModel ?? dataset?.name ?? "";
  const known = models.data?.items.find((one) => one.name === model);
  const made = useRead<TrainingRun>(known?.latest?.training_run ? `/training-runs/${known.latest.training_run}` : null);
  const earlier = made.data && made.data.trainer === trainer?.name ? made.data : null;
  const values = { ...written(earlier?.parameters ?? {}), ...typedValues };

  const ready = trainer && (trainer.available || Boolean(trainer.interpreter && values[trainer.interpreter]));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!dataset?.latest || !trainer) return;
    const body = {
      model,
      dataset_version: dataset.latest.id,
      trainer: trainer.name,
      parameters: typedAll(values),
      start_from: known?.latest?.has_checkpoint && warm ? known.latest.id : null,
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
          <Button look="primary" type="submit" form="start" disabled={!dataset || !ready || !model || start.isPending}>
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
        {known?.latest?.has_checkpoint && (
          <Switch checked={warm} onChange={setWarm}>
            Start from the weights of {known.latest.title}
          </Switch>
        )}
        {known?.latest && !known.latest.has_checkpoint && (
          <p className={dim}>{known.latest.title} came without a checkpoint: the run starts from scratch.</p>
        )}
        <Field
          label="Trainer"
          hint={
            dataset?.task === "segmentation" &&
            "Compact learns no outlines. To train it on the boxes around them, import the set as detection."
          }
        >
          <Select
            value={trainer?.name}
            onChange={(event) => (setTrainer(event.target.value), setValues({}))}
            options={fitting.map((one) => ({ value: one.name, title: one.title }))}
          />
        </Field>
        {trainer?.notice && <Notice tone="warn">{trainer.notice}.</Notice>}
        {trainer && !ready && <Notice tone="warn">{trainer.missing}</Notice>}
        {earlier && known?.latest && <p className={dim}>As in the run that made {known.latest.title}, where you change nothing.</p>}
        <div className={css.parameters}>
          {Object.entries(trainer?.parameters ?? {}).map(([name, parameter]) => (
            <Field key={name} label={words(name)}>
              <Input
                title={parameter.title}
                placeholder={String(parameter.default ?? "auto")}
                value={values[name] ?? ""}
                onChange={(event) => setValues({ ...typedValues, [name]: event.target.value })}
              />
            </Field>
          ))}
        </div>
        {start.error && <Notice tone="bad">{start.error.message}</Notice>}
      </form>
    </Dialog>
  );
}

/** An earlier run's parameters as one would type them. */
function written(parameters: Record<string, unknown>): Record<string, string> {
  const known = Object.entries(parameters).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]));
}
