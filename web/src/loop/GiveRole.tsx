/* Gives a version a role beside the champion: a shadow that answers nobody, or a canary that answers a share. */
import { useState } from "react";
import type { Deployment } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Field, Input, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import css from "./loop.module.css";

type Beside = "shadow" | "canary";
const ROLES: { value: Beside; title: string; lead: string }[] = [
  { value: "shadow", title: "Shadow", lead: "Sees every image and answers nobody: its answers are kept beside the champion's." },
  {
    value: "canary",
    title: "Canary",
    lead: "Answers a share of the images, always of the same sources.",
  },
];

export function GiveRoleButton({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState(false);
  if (deployment.target === "external") return null;
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        Give a version a role
      </Button>
      {open && <GiveRole deployment={deployment} onClose={() => setOpen(false)} />}
    </>
  );
}

function GiveRole({ deployment, onClose }: { deployment: Deployment; onClose: () => void }) {
  const model = deployment.champion?.model_name;
  const versions = useGet(model ? `/models/${model}/versions` : null);
  const others = [...(versions.data?.items ?? [])].sort((a, b) => b.number - a.number).filter(({ id }) => id !== deployment.champion?.id);
  const [role, setRole] = useState<Beside>("shadow");
  const [picked, setPicked] = useState("");
  const [share, setShare] = useState("10");
  const send = useSend<Deployment>(`/deployments`, "/overview");
  const version = picked || others[0]?.id;
  const part = Number(share) / 100;
  const fits = role === "shadow" || (part > 0 && part <= 1);
  const body = { role, model_version: version, reason: "given by hand", ...(role === "canary" ? { share: part } : {}) };
  const submit = () => send.mutate({ method: "POST", path: `/deployments/${deployment.name}/roles`, body }, { onSuccess: onClose });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Give a version a role"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={!version || !fits || send.isPending} onClick={submit}>
            Make it {role}
          </Button>
        </>
      }
    >
      {versions.data && others.length === 0 ? (
        <Notice>{model ?? "This model"} has no other version yet. Register one on its page, or train one.</Notice>
      ) : (
        <div className={css.form}>
          <Field label="Version">
            <Select
              value={version ?? ""}
              onChange={(event) => setPicked(event.target.value)}
              options={others.map(({ id, title }) => ({ value: id, title }))}
            />
          </Field>
          <fieldset className={css.radios}>
            <legend className="visually-hidden">Role</legend>
            {ROLES.map(({ value, title, lead }) => (
              <label key={value}>
                <input type="radio" name="role" checked={role === value} onChange={() => setRole(value)} />
                <span>{title}</span>
                <small>{lead}</small>
              </label>
            ))}
          </fieldset>
          {role === "canary" && (
            <Field label="Share of the images, in per cent">
              <Input
                type="number"
                min={1}
                max={100}
                className={css.small}
                value={share}
                onChange={(event) => setShare(event.target.value)}
              />
            </Field>
          )}
        </div>
      )}
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
    </Dialog>
  );
}
