/* Putting a deployment away and deleting it for good, for each of which its name is typed, and bringing it back. */
import { useState, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import type { Deployment, Job } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./deployments.module.css";

export function ArchiveButton({ deployment: { name } }: { deployment: Deployment }) {
  const put = useSend<Deployment>("/deployments", "/overview", "/alerts");
  const navigate = useNavigate();
  return (
    <Typed
      name={name}
      button="Archive"
      title={`Archive ${name}?`}
      lead="Whoever sends it images is refused from now on, its alerts end, and nothing is trained for it. Images, log, reviews, datasets and models stay. It can be restored at any time."
      action="Archive it"
      busy={put.isPending}
      error={put.error}
      onSure={() =>
        put.mutate({ method: "POST", path: `/deployments/${name}/archive` }, { onSuccess: () => void navigate(`/deployments/${name}`) })
      }
    />
  );
}

function DeleteButton({ deployment: { name } }: { deployment: Deployment }) {
  const remove = useSend<Job>("/deployments", "/jobs");
  const navigate = useNavigate();
  return (
    <Typed
      small
      name={name}
      button="Delete for good"
      title={`Delete ${name} for good?`}
      lead="Its log, its images that nothing else needs, what people said of them, its charts, rules and settings are erased. This cannot be undone. Datasets, models and what they learnt stay; the name is free again."
      action="Delete it for good"
      busy={remove.isPending}
      error={remove.error}
      onSure={() =>
        remove.mutate(
          { method: "DELETE", path: `/deployments/${name}?name=${encodeURIComponent(name)}` },
          { onSuccess: () => void navigate("/jobs") },
        )
      }
    />
  );
}

type TypedProps = {
  name: string;
  button: string;
  title: string;
  lead: ReactNode;
  action: string;
  busy: boolean;
  error: Error | null;
  small?: boolean;
  onSure: () => void;
};

/** A button whose deed is only done once the name was typed. */
function Typed({ name, button, title, lead, action, busy, error, small, onSure }: TypedProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  return (
    <>
      <Button small={small} look="danger" onClick={() => (setTyped(""), setOpen(true))}>
        {button}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={title}
        lead={lead}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button look="danger" type="submit" form="typed" disabled={typed !== name || busy}>
              {action}
            </Button>
          </>
        }
      >
        <form
          id="typed"
          className={css.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === name) onSure();
          }}
        >
          <Field label={`Type ${name} to confirm`}>
            <Input value={typed} autoComplete="off" autoFocus onChange={(event) => setTyped(event.target.value)} />
          </Field>
          {error && <Notice tone="bad">{error.message}</Notice>}
        </form>
      </Dialog>
    </>
  );
}

/** Above every page of a deployment that was put away. */
export function ArchivedNotice({ deployment }: { deployment: Deployment }) {
  const restore = useSend<Deployment>("/deployments", "/overview");
  if (!deployment.archived_at) return null;
  if (deployment.deleting_since) {
    return (
      <Notice tone="bad">
        It is being deleted: its log is erased line by line. <Link to="/jobs">Watch or stop it under Jobs</Link>; what is erased stays
        erased.
      </Notice>
    );
  }
  return (
    <Notice tone="warn">
      Archived <Time at={deployment.archived_at} />: it answers nobody. Everything it has is kept.{" "}
      <span className={css.save}>
        <Button
          small
          disabled={restore.isPending}
          onClick={() => restore.mutate({ method: "POST", path: `/deployments/${deployment.name}/restore` })}
        >
          Restore
        </Button>
        <DeleteButton deployment={deployment} />
      </span>
      {restore.error && <p>{restore.error.message}</p>}
    </Notice>
  );
}
