/* Deploy a version: its name, where it answers, and from which confidence on. */
import { useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import type { Deployment, ModelVersion } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { score } from "../design/format";
import { dim } from "../design/page";
import { Notice } from "../design/status";
import { ThresholdInput } from "../design/ThresholdInput";
import css from "./deployments.module.css";
import { SamplePreview } from "./SamplePreview";
import { OwnMachines } from "./Snippets";
import { ForecastLine } from "./StorageSettings";

export function DeployButton({ version }: { version: ModelVersion }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="primary" icon="deployments" onClick={() => setOpen(true)}>
        Deploy
      </Button>
      {open && <DeployDialog version={version} onClose={() => setOpen(false)} />}
    </>
  );
}

/** The model's name, or the next free "name-2", "name-3". */
export function suggestName(model: string, taken: readonly string[]): string {
  if (!taken.includes(model)) return model;
  let n = 2;
  while (taken.includes(`${model}-${n}`)) n += 1;
  return `${model}-${n}`;
}

function DeployDialog({ version, onClose }: { version: ModelVersion; onClose: () => void }) {
  const existing = useGet("/deployments");
  const suggested = suggestName(version.model_name, existing.data?.items.map((deployment) => deployment.name) ?? []);
  const [typed, setName] = useState<string | null>(null);
  const name = typed ?? suggested;
  const [target, setTarget] = useState<Deployment["target"]>("server");
  const advised = version.advised_threshold === null ? "" : version.advised_threshold.toFixed(2);
  const [threshold, setThreshold] = useState(advised);
  const create = useSend<Deployment>("/deployments", "/overview");
  const navigate = useNavigate();
  const forecast = useGet("/storage/forecast", { model_version: version.id }).data;
  const optional = version.task === "classification";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What stands there untouched nobody chose: it is the version's advice, and goes with the version.
    const chosen = threshold === "" || threshold === advised ? null : Number(threshold);
    const body = { name, model_version: version.id, threshold: chosen, target };
    create.mutate(
      { method: "POST", path: "/deployments", body },
      { onSuccess: (made) => void navigate(`/deployments/${made.name}`, { state: { fresh: true } }) },
    );
  };

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Deploy ${version.title}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="deploy" disabled={!name.trim() || create.isPending}>
            {create.isPending ? "Deploying…" : "Deploy"}
          </Button>
        </>
      }
    >
      <form id="deploy" className={css.form} onSubmit={submit}>
        <Field label="Name">
          <Input value={name} onChange={(event) => setName(event.target.value)} autoFocus />
        </Field>
        <fieldset className={css.choices}>
          <legend>Where it answers</legend>
          <Choice
            name="server"
            title="This Relens server"
            lead="Send images here; every answer is kept and measured."
            chosen={target}
            choose={setTarget}
          />
          <Choice
            name="external"
            title="Your own machines"
            lead="Run the model yourself; send Relens what it said."
            chosen={target}
            choose={setTarget}
          />
        </fieldset>
        {target === "external" && (
          <>
            <p className={dim}>After Deploy, run one of these where the images are:</p>
            <OwnMachines name={name} version={version} />
          </>
        )}
        <Field
          label={optional ? "Confidence threshold (optional)" : "Confidence threshold"}
          hint={
            version.advised_threshold === null
              ? `${optional ? "Below it the answer is “unsure”." : "Answers below it stay silent."} Everything is logged; you can move it later.`
              : `${score(version.advised_threshold, 2)} gave the best F1 on the validation images. ${optional ? "Below it the answer is “unsure”" : "Answers below it stay silent"}; you can move it later.`
          }
        >
          <ThresholdInput value={threshold} onChange={setThreshold} />
        </Field>
        <SamplePreview version={version} threshold={threshold === "" ? 0 : Number(threshold)} />
        {target === "server" && forecast && <ForecastLine forecast={forecast} />}
        {create.error && <Notice tone="bad">{create.error.message}</Notice>}
      </form>
    </Dialog>
  );
}

type ChoiceProps = {
  name: Deployment["target"];
  title: string;
  lead: string;
  chosen: string;
  choose: (name: Deployment["target"]) => void;
};

function Choice({ name, title, lead, chosen, choose }: ChoiceProps) {
  return (
    <label className={css.choice} data-chosen={chosen === name}>
      <input type="radio" name="target" checked={chosen === name} onChange={() => choose(name)} />
      <span>
        <strong>{title}</strong>
        <small>{lead}</small>
      </span>
    </label>
  );
}
