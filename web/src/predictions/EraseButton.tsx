/* Erases an image for good; whoever does it types its name first. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Prediction } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import css from "./predictions.module.css";

type Props = { prediction: Prediction; deployment: string; list: string };

export function EraseButton({ prediction, deployment, list }: Props) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const erase = useSend(`/deployments/${deployment}`, `/predictions/${prediction.id}`);
  const name = prediction.client_id ?? prediction.id.slice(-8);
  const close = () => (setOpen(false), setTyped(""), erase.reset());
  const submit = () =>
    erase.mutate({ method: "DELETE", path: `/predictions/${prediction.id}` }, { onSuccess: () => void navigate(list, { replace: true }) });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Erase
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title="Erase this image"
        lead="The image, what was answered and what people said of it are gone for good. That one was answered stays counted. It cannot be undone."
      >
        <form className={css.form} onSubmit={(event) => (event.preventDefault(), typed === name && submit())}>
          <Field label={`Type ${name} to erase it`}>
            <Input autoFocus autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
          </Field>
          {erase.error && <Notice tone="bad">{erase.error.message}</Notice>}
          <div className={css.tools}>
            <Button look="danger" type="submit" disabled={typed !== name || erase.isPending}>
              {erase.isPending ? "Erasing…" : "Erase for good"}
            </Button>
            <Button onClick={close}>Cancel</Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
