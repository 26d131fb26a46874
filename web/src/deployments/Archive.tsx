/* Putting a deployment away, for which its name is typed, and bringing it back. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./deployments.module.css";

export function ArchiveButton({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const put = useSend<Deployment>("/deployments", "/overview", "/alerts");
  const navigate = useNavigate();
  const { name } = deployment;
  const submit = () =>
    put.mutate({ method: "POST", path: `/deployments/${name}/archive` }, { onSuccess: () => void navigate(`/deployments/${name}`) });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Archive
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={`Archive ${name}?`}
        lead="Whoever sends it images is refused from now on, its alerts end, and nothing is trained for it. Images, log, reviews, datasets and models stay. It can be restored at any time."
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button look="danger" type="submit" form="archive" disabled={typed !== name || put.isPending}>
              Archive it
            </Button>
          </>
        }
      >
        <form id="archive" className={css.form} onSubmit={(event) => (event.preventDefault(), typed === name && submit())}>
          <Field label={`Type ${name} to confirm`}>
            <Input value={typed} autoComplete="off" autoFocus onChange={(event) => setTyped(event.target.value)} />
          </Field>
          {put.error && <Notice tone="bad">{put.error.message}</Notice>}
        </form>
      </Dialog>
    </>
  );
}

/** Above every page of a deployment that was put away. */
export function ArchivedNotice({ deployment }: { deployment: Deployment }) {
  const restore = useSend<Deployment>("/deployments", "/overview");
  if (!deployment.archived_at) return null;
  return (
    <Notice tone="warn">
      Archived <Time at={deployment.archived_at} />: it answers nobody. Everything it has is kept.{" "}
      <Button
        small
        disabled={restore.isPending}
        onClick={() => restore.mutate({ method: "POST", path: `/deployments/${deployment.name}/restore` })}
      >
        Restore
      </Button>
      {restore.error && <p>{restore.error.message}</p>}
    </Notice>
  );
}
