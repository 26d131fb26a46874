/* A question about an image, for whoever knows: asked without deciding, answered here, and found again by `question = "open"`. */
import { useState } from "react";
import { useRead, useSend } from "../api/use";
import type { Question } from "../api/types";
import { Button, Field, Textarea } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { who } from "../design/format";
import { Loaded } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./review.module.css";

type Props = { open: boolean; onClose: () => void; prediction: string; deployment: string };

export function AskDialog({ open, onClose, prediction, deployment }: Props) {
  const path = `/predictions/${prediction}/question`;
  const question = useRead<Question>(open ? path : null);
  return (
    <Dialog open={open} onClose={onClose} title="A question about this image">
      <Loaded query={question} height={120}>
        {(found) => <Asked key={`${found.state} ${found.at}`} found={found} path={path} deployment={deployment} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

type AskedProps = { found: Question; path: string; deployment: string; onClose: () => void };

function Asked({ found, path, deployment, onClose }: AskedProps) {
  const [text, setText] = useState("");
  const send = useSend(path, `/deployments/${deployment}`);
  const open = found.state === "open";
  const submit = () => {
    const to = open ? `${path}/answer` : path;
    send.mutate({ method: "PUT", path: to, body: { text: text.trim() } }, { onSuccess: onClose });
  };
  return (
    <form className={css.mix} onSubmit={(event) => (event.preventDefault(), submit())}>
      {found.state && (
        <blockquote className={css.said}>
          {found.text}
          <small>
            {who(found.by)} · <Time at={found.at} />
          </small>
        </blockquote>
      )}
      {found.state === "answered" && (
        <blockquote className={css.said}>
          {found.answer}
          <small>
            {who(found.answered_by)} · <Time at={found.answered_at} />
          </small>
        </blockquote>
      )}
      <Field
        label={open ? "Answer" : found.state ? "Another question" : "Question"}
        hint={open ? undefined : 'The image stays to be reviewed. Whoever knows finds it under Predictions by question = "open".'}
      >
        <Textarea autoFocus rows={3} maxLength={2000} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
      <div className={css.row}>
        <Button look="primary" type="submit" disabled={send.isPending || !text.trim()}>
          {open ? "Answer" : "Ask"}
        </Button>
        {open && (
          <Button disabled={send.isPending} onClick={() => send.mutate({ method: "DELETE", path }, { onSuccess: onClose })}>
            Withdraw the question
          </Button>
        )}
      </div>
    </form>
  );
}
