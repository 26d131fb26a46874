/* Puts any other version of the model before the gate; the policy then decides as for a trained candidate. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Deployment, Job } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Field, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";

export function JudgeButton({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        Judge a version
      </Button>
      {open && <JudgeDialog deployment={deployment} onClose={() => setOpen(false)} />}
    </>
  );
}

function JudgeDialog({ deployment, onClose }: { deployment: Deployment; onClose: () => void }) {
  const model = deployment.champion?.model_name;
  const versions = useGet(model ? `/models/${model}/versions` : null);
  const others = (versions.data?.items ?? [])
    .filter((version) => version.id !== deployment.champion?.id)
    .sort((a, b) => b.number - a.number);
  const [picked, setPicked] = useState("");
  const chosen = picked || (others[0]?.id ?? "");
  const judge = useSend<Job>(`/deployments/${deployment.name}`, "/jobs");
  const navigate = useNavigate();
  const submit = () =>
    judge.mutate(
      { method: "POST", path: `/deployments/${deployment.name}/candidates`, body: { model_version: chosen } },
      { onSuccess: () => (onClose(), void navigate(".")) },
    );
  return (
    <Dialog
      open
      onClose={onClose}
      title="Judge a version"
      lead={`It is compared with ${deployment.champion?.title ?? "the champion"} on the same test images. The gate decides, with its reasons, and the policy follows.`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={!chosen || judge.isPending} onClick={submit}>
            Judge it
          </Button>
        </>
      }
    >
      {others.length === 0 ? (
        <Notice>{model ?? "This model"} has no other version yet. Register one on its page, or train one.</Notice>
      ) : (
        <Field label="Version">
          <Select
            value={chosen}
            onChange={(event) => setPicked(event.target.value)}
            options={others.map((version) => ({ value: version.id, title: version.title }))}
          />
        </Field>
      )}
      {judge.error && <Notice tone="bad">{judge.error.message}</Notice>}
    </Dialog>
  );
}
