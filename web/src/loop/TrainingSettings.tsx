/* Continuous training: what starts a run by itself, what holds it back, with which trainer and from which weights. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { ContinuousTraining, Page as Items, Trainer, TrainingPolicy } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Card, Loaded } from "../design/page";
import { typed } from "../design/parameter";
import { Notice } from "../design/status";
import css from "./loop.module.css";
import { TrainerChoice } from "./TrainerChoice";
import { Trial, TrialChip } from "./Trial";
import { Limits, Triggers } from "./Triggers";

export function TrainingSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}/continuous-training`;
  const saved = useRead<ContinuousTraining>(path, undefined, { every: 3000 });
  return (
    <Card title="Continuous training" id="continuous-training" aside={<TrialChip trial={saved.data?.trial ?? null} />}>
      <Loaded query={saved} height={140}>
        {(data) => <Form saved={data} path={path} />}
      </Loaded>
    </Card>
  );
}

function Form({ saved, path }: { saved: ContinuousTraining; path: string }) {
  const { deployment, pipeline } = useDeployment();
  const [edited, setEdited] = useState<Partial<TrainingPolicy>>({});
  // As typed: a space at the end of a word is the beginning of the next one.
  const [texts, setTexts] = useState<Record<string, string>>({});
  const draft = { ...saved, ...edited };
  const change = (part: Partial<TrainingPolicy>) => setEdited({ ...edited, ...part });
  const trainers = useRead<Items<Trainer>>("/trainers");
  const save = useSend(`/deployments/${deployment.name}`, "/overview", "/jobs");
  const seen = useSeen(path, Object.keys(edited).length + Object.keys(texts).length > 0);
  const fitting = (trainers.data?.items ?? []).filter((trainer) => trainer.tasks.includes(deployment.task));
  const off = pipeline.feedback_loop?.state === "off";
  const submit = () => {
    const { trial: _trial, next_run: _next, ...policy } = draft;
    const body = { ...policy, parameters: withTexts(draft.parameters, texts) };
    save.mutate(
      { method: "PUT", path, body, headers: seen.headers },
      { onSuccess: () => (setEdited({}), setTexts({})), onError: seen.told },
    );
  };
  return (
    <div className={css.form}>
      <Switch checked={draft.active} disabled={off} onChange={(active) => change({ active })}>
        Train by itself
      </Switch>
      <Triggers draft={draft} onChange={change} />
      <Limits draft={draft} onChange={change} />
      <TrainerChoice
        draft={draft}
        saved={saved}
        trainers={fitting}
        texts={texts}
        onTrainer={(trainer) => (change({ trainer, parameters: {} }), setTexts({}))}
        onText={(name, text) => setTexts({ ...texts, [name]: text })}
        onStart={(start) => change({ start })}
      />
      {off && <p className={css.refused}>Switch the feedback loop on first: choose the training data above and press Save.</p>}
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <Trial trial={saved.trial} path={path} />
      <div className={css.save}>
        <Button look="primary" disabled={off || save.isPending} onClick={submit}>
          {save.isPending ? "Saving…" : "Save"}
        </Button>
        {save.isSuccess && <span role="status">Saved</span>}
      </div>
    </div>
  );
}

/** The parameters with what was typed over them; what was emptied is not said any more. */
function withTexts(parameters: Record<string, unknown>, texts: Record<string, string>): Record<string, unknown> {
  const all: Record<string, unknown> = {
    ...parameters,
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, typed(text)])),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
