/* The name of a deployment, how to reach it from code, and the way to put it away. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Card, dim } from "../design/page";
import { Notice } from "../design/status";
import { ArchiveButton } from "./Archive";
import css from "./deployments.module.css";
import { OwnMachines, SendImages } from "./Snippets";

export function GeneralSettings({ deployment }: { deployment: Deployment }) {
  return (
    <>
      <Card title="Use it from code" id="code">
        {deployment.target === "external" ? (
          <OwnMachines name={deployment.name} version={{ ...deployment, id: deployment.champion?.id ?? "" }} />
        ) : (
          <SendImages name={deployment.name} />
        )}
      </Card>
      <Card title="General" id="general">
        <div className={css.form}>
          <Rename deployment={deployment} />
          <div className={css.danger}>
            <div>
              <strong>Archive this deployment</strong>
              <p className={dim}>It answers nobody and stands in no list. Its images, log and reviews stay, and it can be restored.</p>
            </div>
            <ArchiveButton deployment={deployment} />
          </div>
        </div>
      </Card>
    </>
  );
}

function Rename({ deployment }: { deployment: Deployment }) {
  const [edited, setEdited] = useState<string | null>(null);
  const name = edited ?? deployment.name;
  const save = useSend<Deployment>("/deployments", "/overview");
  const navigate = useNavigate();
  const wanted = name.trim();
  const submit = () =>
    save.mutate(
      { method: "PATCH", path: `/deployments/${deployment.name}`, body: { name: wanted } },
      { onSuccess: (saved) => (setEdited(null), void navigate(`/deployments/${saved.name}/settings#general`, { replace: true })) },
    );
  return (
    <form className={css.form} onSubmit={(event) => (event.preventDefault(), submit())}>
      <Field label="Name" hint="The old name goes on working as an address, until another deployment takes it.">
        <Input value={name} style={{ maxWidth: 320 }} onChange={(event) => setEdited(event.target.value)} />
      </Field>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button look="primary" type="submit" disabled={!wanted || wanted === deployment.name || save.isPending}>
          Rename
        </Button>
        {save.isSuccess && edited === null && <span role="status">Renamed</span>}
      </div>
    </form>
  );
}
