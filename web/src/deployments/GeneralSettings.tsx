/* The name of a deployment, and the confidence from which on it answers. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Card } from "../design/page";
import { Notice } from "../design/status";
import css from "./deployments.module.css";
import { ThresholdPreview } from "./ThresholdPreview";

export function GeneralSettings({ deployment }: { deployment: Deployment }) {
  const [threshold, setThreshold] = useState(String(deployment.threshold ?? ""));
  const [name, setName] = useState(deployment.name);
  const save = useSend<Deployment>("/deployments", "/overview");
  const navigate = useNavigate();
  const changed = Number(threshold) !== deployment.threshold || name !== deployment.name;

  const submit = () => {
    const body: Record<string, unknown> = {};
    if (Number(threshold) !== deployment.threshold) body.threshold = Number(threshold);
    if (name !== deployment.name) body.name = name.trim();
    save.mutate(
      { method: "PATCH", path: `/deployments/${deployment.name}`, body },
      { onSuccess: (saved) => saved.name !== deployment.name && void navigate(`/deployments/${saved.name}/settings`, { replace: true }) },
    );
  };

  return (
    <Card title="General" id="general">
      <div className={css.form}>
        <Field label="Confidence threshold" hint="Detections below it are logged but not answered, and stay out of the charts.">
          <span className={css.slider} style={{ maxWidth: 460 }}>
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={threshold}
              aria-label="Confidence threshold, slider"
              onChange={(event) => setThreshold(event.target.value)}
            />
            <Input
              type="number"
              min={0}
              max={1}
              step={0.01}
              value={threshold}
              aria-label="Confidence threshold"
              onChange={(event) => setThreshold(event.target.value)}
            />
          </span>
        </Field>
        {deployment.task !== "classification" && <ThresholdPreview deployment={deployment} threshold={Number(threshold)} />}
        <Field label="Name" hint="The old name keeps working as an address.">
          <Input value={name} style={{ maxWidth: 320 }} onChange={(event) => setName(event.target.value)} />
        </Field>
        {save.error && <Notice tone="bad">{save.error.message}</Notice>}
        <div className={css.save}>
          <Button look="primary" disabled={!changed || !name.trim() || save.isPending} onClick={submit}>
            Save
          </Button>
          {save.isSuccess && !changed && <span role="status">Saved</span>}
        </div>
      </div>
    </Card>
  );
}
