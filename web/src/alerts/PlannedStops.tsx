/* Times when the deployment is meant to stand still: no alert begins in them, and nobody is told. */
import { useState } from "react";
import type { Page as Items, PlannedStop } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { dim } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./alerts.module.css";

export function PlannedStops({ deployment }: { deployment: string }) {
  const path = `/deployments/${deployment}/planned-stops`;
  const stops = useRead<Items<PlannedStop>>(path, undefined, { every: 30000 });
  const send = useSend(path);
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const plan = () => {
    const body = { since: since ? new Date(since).toISOString() : null, until: new Date(until).toISOString(), reason };
    send.mutate({ method: "POST", path, body }, { onSuccess: () => (setSince(""), setUntil(""), setReason("")) });
  };
  return (
    <details className={css.advanced}>
      <summary>Planned stops{stops.data?.items.length ? ` (${stops.data.items.length})` : ""}</summary>
      <div className={css.rules}>
        {stops.data?.items.map((stop) => (
          <div key={stop.id} className={css.offer}>
            <span>
              <Time at={stop.since} exact /> to <Time at={stop.until} exact />
              {stop.source && `, only ${stop.source}`}
              {stop.reason && <span className={dim}> {stop.reason}</span>}
            </span>
            <Button small look="quiet" onClick={() => send.mutate({ method: "DELETE", path: `/planned-stops/${stop.id}` })}>
              End
            </Button>
          </div>
        ))}
        <form className={css.more} onSubmit={(event) => (event.preventDefault(), plan())}>
          <Field label="From" hint="Empty: now.">
            <Input type="datetime-local" value={since} onChange={(event) => setSince(event.target.value)} />
          </Field>
          <Field label="Until">
            <Input type="datetime-local" required value={until} onChange={(event) => setUntil(event.target.value)} />
          </Field>
          <Field label="Why">
            <Input value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
          </Field>
          <Button type="submit" disabled={until === "" || send.isPending}>
            Plan the stop
          </Button>
        </form>
        {send.error && <Notice tone="bad">{send.error.message}</Notice>}
      </div>
    </details>
  );
}
