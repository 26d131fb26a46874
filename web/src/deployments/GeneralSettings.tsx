/* The name of a deployment. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Card } from "../design/page";
import { Notice } from "../design/status";
import css from "./deployments.module.css";

export function GeneralSettings({ deployment }: { deployment: Deployment }) {
  const [name, setName] = useState(deployment.name);
  const save = useSend<Deployment>("/deployments", "/overview");
  const navigate = useNavigate();
  const changed = name !== deployment.name;

  const submit = () => {
    save.mutate(
      { method: "PATCH", path: `/deployments/${deployment.name}`, body: { name: name.trim() } },
      { onSuccess: (saved) => saved.name !== deployment.name && void navigate(`/deployments/${saved.name}/settings`, { replace: true }) },
    );
  };

  return (
    <Card title="General" id="general">
      <div className={css.form}>
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
