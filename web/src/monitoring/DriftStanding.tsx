/* Where usual production stands: what is still missing, or what is unusual and the two things one can say to it. */
import { useState } from "react";
import { Link } from "react-router";
import { imageUrl } from "../api/client";
import { useSend } from "../api/use";
import type { Measurement } from "../api/types";
import { Button, Field, Textarea } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./monitoring.module.css";
import { num, str } from "./read";
import { useBoard } from "./board";

type Loose = Record<string, unknown> | null;
type Said = "usual" | "investigate";

const QUESTIONS: Record<Said, { title: string; lead: string; label: string; action: string }> = {
  usual: {
    title: "This is normal",
    lead: "What arrives now becomes usual production: it gives no notice and no alarm any more. A different change still does.",
    label: "Why is it normal?",
    action: "This is normal",
  },
  investigate: {
    title: "Investigate",
    lead: "More of the review queue will be random checks, which show whether the answers suffer.",
    label: "What is odd about it?",
    action: "Raise random checks",
  },
};

export function alarmOf(measure: Measurement): Loose {
  return (measure.value?.alarm as Loose | undefined) ?? null;
}

export function Standing({ measure }: { measure: Measurement }) {
  const production = (measure.value?.production as Loose | undefined) ?? null;
  const [saying, setSaying] = useState<Said | null>(null);
  const alarm = str(production, "state") === "alarm";
  const notice = measure.value?.notice === true;
  const told = alarm ? str(alarmOf(measure), "sentence") : notice ? str(measure.value, "sentence") : null;
  const asks = alarm || notice || (num(production, "waiting") ?? 0) > 0;
  if (!production || str(production, "state") === "off") return null;
  return (
    <div className={css.standing} role="status" data-state={str(production, "state")}>
      <p>
        {told && <strong>{sentence(told)}. </strong>}
        {sentence(str(production, "sentence") ?? "")}.
      </p>
      {alarm && <First measure={measure} />}
      {asks && (
        <div className={css.says}>
          <Button small onClick={() => setSaying("usual")}>
            This is normal
          </Button>
          <Button small look={alarm ? "primary" : undefined} onClick={() => setSaying("investigate")}>
            Investigate
          </Button>
        </div>
      )}
      {saying && <Why said={saying} onClose={() => setSaying(null)} />}
    </div>
  );
}

function Why({ said, onClose }: { said: Said; onClose: () => void }) {
  const { name } = useBoard();
  const [reason, setReason] = useState("");
  const send = useSend(`/deployments/${name}`);
  const { title, lead, label, action } = QUESTIONS[said];
  const submit = () =>
    send.mutate({ method: "POST", path: `/deployments/${name}/drift/${said}`, body: { reason: reason.trim() } }, { onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} title={title} lead={lead}>
      <form className={css.why} onSubmit={(event) => (event.preventDefault(), submit())}>
        <Field label={label} hint="Kept with your name: the next person will ask.">
          <Textarea autoFocus rows={3} maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {send.error && <Notice tone="bad">{send.error.message}</Notice>}
        <div>
          <Button look="primary" type="submit" disabled={send.isPending || !reason.trim()}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Where it began: the first image beyond what is usual, and its camera. */
function First({ measure }: { measure: Measurement }) {
  const { name } = useBoard();
  const first = (alarmOf(measure)?.first as Loose | undefined) ?? null;
  const prediction = str(first, "prediction");
  if (!first || !prediction) return null;
  return (
    <Link className={css.first} to={`/deployments/${name}/predictions/${prediction}`}>
      <img src={imageUrl(str(first, "asset") ?? "", 96)} alt="" loading="lazy" />
      <span>
        First odd image{str(first, "source") && `, ${str(first, "source")}`}, <Time at={str(first, "taken_at")} />
      </span>
    </Link>
  );
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
