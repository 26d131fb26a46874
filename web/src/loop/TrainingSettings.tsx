/* Continuous training: after how many added images a run starts by itself, and with which trainer. */
import { useState } from "react";
import type { ContinuousTraining, Page as Items, Trainer } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { words } from "../design/format";
import { Card, Loaded } from "../design/page";
import { typed } from "../design/parameter";
import { Notice } from "../design/status";
import css from "./loop.module.css";

export function TrainingSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}/continuous-training`;
  const saved = useRead<ContinuousTraining>(path);
  return (
    <Card title="Continuous training" id="continuous-training">
      <Loaded query={saved} height={140}>
        {(data) => <Form saved={data} path={path} />}
      </Loaded>
    </Card>
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function withValue(parameters: Record<string, unknown>, name: string, text: string): Record<string, unknown> {
  const { [name]: _, ...rest } = parameters;
  const value = typed(text);
  return value === undefined ? rest : { ...rest, [name]: value };
}

function Form({ saved, path }: { saved: ContinuousTraining; path: string }) {
  const { deployment, pipeline } = useDeployment();
  const [edited, setDraft] = useState<ContinuousTraining | null>(null);
  const draft = edited ?? saved;
  const trainers = useRead<Items<Trainer>>("/trainers");
  const save = useSend(`/deployments/${deployment.name}`, "/overview");
  const fitting = (trainers.data?.items ?? []).filter((trainer) => trainer.tasks.includes(deployment.task));
  const chosen = fitting.find((trainer) => trainer.name === draft.trainer);
  const off = pipeline.feedback_loop?.state === "off";
  return (
    <div className={css.form}>
      <Switch checked={draft.active} disabled={off} onChange={(active) => setDraft({ ...draft, active })}>
        Train by itself when enough reviewed images were added
      </Switch>
      <div className={css.row}>
        <Field label="After this many added images">
          <Input
            type="number"
            min={1}
            value={draft.after}
            onChange={(event) => setDraft({ ...draft, after: Number(event.target.value) })}
          />
        </Field>
        <Field label="Trainer">
          <Select
            value={draft.trainer}
            onChange={(event) => setDraft({ ...draft, trainer: event.target.value, parameters: {} })}
            options={(fitting.length ? fitting : [{ name: draft.trainer, title: draft.trainer }]).map((trainer) => ({
              value: trainer.name,
              title: trainer.title,
            }))}
          />
        </Field>
        {Object.entries(chosen?.parameters ?? {})
          .filter(([name]) => ["epochs", "minutes", "seed", "command"].includes(name))
          .map(([name, parameter]) => (
            <Field key={name} label={words(name)}>
              <Input
                title={parameter.title}
                className={css.small}
                placeholder={String(parameter.default ?? "auto")}
                value={shown(draft.parameters[name])}
                onChange={(event) => setDraft({ ...draft, parameters: withValue(draft.parameters, name, event.target.value) })}
              />
            </Field>
          ))}
      </div>
      {chosen && !chosen.available && <Notice tone="warn">{chosen.missing}</Notice>}
      {off && <p className={css.refused}>Switch the feedback loop on first: choose the training data above and press Save.</p>}
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button look="primary" disabled={off || save.isPending} onClick={() => save.mutate({ method: "PUT", path, body: draft })}>
          Save
        </Button>
        {save.isSuccess && <span role="status">Saved</span>}
      </div>
    </div>
  );
}
