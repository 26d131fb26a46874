/* One alert: what it says, since when, who has seen it; opened, what happened to it with the numbers at the time. */
import { useState } from "react";
import { Link } from "react-router";
import type { Alert, AlertStory } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Select } from "../design/controls";
import { duration, plural, who } from "../design/format";
import { dim } from "../design/page";
import { Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./alerts.module.css";
import { TONES } from "./measures";

const SNOOZES = [
  { value: "", title: "Snooze" },
  { value: "30", title: "For 30 minutes" },
  { value: "240", title: "For 4 hours" },
  { value: "1440", title: "For a day" },
  { value: "0", title: "Wake up" },
];

export function AlertRow({ alert, deployment }: { alert: Alert; deployment: string }) {
  const [open, setOpen] = useState(false);
  const send = useSend("/alerts", "/overview", "/deployments");
  const firing = alert.state === "firing";
  const seen = () => send.mutate({ method: "POST", path: `/alerts/${alert.id}/acknowledge` });
  const snooze = (minutes: number) => send.mutate({ method: "POST", path: `/alerts/${alert.id}/snooze`, body: { minutes } });
  return (
    <>
      <tr>
        <td>
          <Chip tone={firing ? TONES[alert.severity] : "plain"} dot>
            {firing ? "Firing" : "Over"}
          </Chip>
        </td>
        <td className={css.alert}>
          <button type="button" className={css.open} aria-expanded={open} onClick={() => setOpen(!open)}>
            {alert.sentence}
          </button>
          {alert.part_of && <p className={dim}>Told with the alert about silence.</p>}
          {send.error && <Notice tone="bad">{send.error.message}</Notice>}
        </td>
        <td data-title="Deployment">
          <Link className={css.link} to={`/deployments/${deployment}`}>
            {deployment}
          </Link>
        </td>
        <td data-title="Since">
          <Time at={alert.since} />
        </td>
        <td data-title="Over">
          {alert.resolved_at ? (
            <>
              <Time at={alert.resolved_at} /> <span className={dim}>after {duration(lasted(alert))}</span>
            </>
          ) : (
            <span className={dim}>–</span>
          )}
        </td>
        <td data-n className={css.last}>
          <span className={css.actions}>
            {alert.acknowledged_by ? (
              <span className={dim}>seen by {who(alert.acknowledged_by)}</span>
            ) : (
              <Button small disabled={send.isPending} onClick={seen}>
                Acknowledge
              </Button>
            )}
            {firing && (
              <Select
                aria-label="Snooze"
                value=""
                disabled={send.isPending}
                onChange={(event) => event.target.value !== "" && snooze(Number(event.target.value))}
                options={SNOOZES.filter((one) => one.value !== "0" || alert.snoozed_until)}
              />
            )}
          </span>
        </td>
      </tr>
      {open && (
        <tr className={css.opened}>
          <td />
          <td colSpan={5}>
            <Story alert={alert} deployment={deployment} />
          </td>
        </tr>
      )}
    </>
  );
}

const SAID: Record<string, string> = {
  firing: "began",
  resolved: "was over",
  reminder: "told again",
  acknowledged: "seen",
  snoozed: "snoozed",
  woken: "woken up",
};

function lasted(alert: Alert): number {
  return (Date.parse(alert.resolved_at ?? alert.since) - Date.parse(alert.since)) / 1000;
}

const BEFORE_S = 3600;

/** Which filter of the dashboard a slice is: "tag night", "label scratch", or a source by its bare name. */
function sliced(slice: string): Record<string, string> {
  const [, kind, value] = /^(tag|label) (.*)$/s.exec(slice) ?? [];
  return kind ? { [kind]: value } : { source: slice };
}

/** The dashboard at that time, with an hour before it to compare with. */
function scene(alert: Alert, deployment: string): string {
  const from = new Date(Date.parse(alert.since) - BEFORE_S * 1000).toISOString();
  const where = { from, ...(alert.resolved_at ? { to: alert.resolved_at } : {}), ...(alert.slice ? sliced(alert.slice) : {}) };
  return `/deployments/${deployment}?${new URLSearchParams(where)}`;
}

/** What stands beside an event: "until" and a moment, or a sentence. */
function Note({ text }: { text: string }) {
  const until = /^until (\S+)$/.exec(text)?.[1];
  return (
    <span className={dim}>
      {" "}
      {until ? (
        <>
          until <Time at={until} exact />
        </>
      ) : (
        text
      )}
    </span>
  );
}

function Story({ alert, deployment }: { alert: Alert; deployment: string }) {
  const story = useRead<AlertStory>(`/alerts/${alert.id}`);
  return (
    <div className={css.story}>
      {alert.cause && <p>Likely cause: {alert.cause}.</p>}
      {alert.next_step && <p>Next step: {alert.next_step}.</p>}
      <p>
        <Link className={css.link} to={scene(alert, deployment)}>
          The dashboard at that time
        </Link>
      </p>
      {alert.snoozed_until && (
        <p>
          Snoozed until <Time at={alert.snoozed_until} exact />
        </p>
      )}
      {story.error && <Notice tone="bad">{story.error.message}</Notice>}
      <ol>
        {story.data?.events.map((event, i) => (
          <li key={i}>
            <Time at={event.at} exact /> {SAID[event.kind] ?? event.kind}
            {event.said !== null && ` at ${event.said}`}
            {event.count !== null && alert.metric !== "volume" && `, ${plural(event.count, "image")}`}
            {event.by && ` by ${event.by}`}
            {event.note && <Note text={event.note} />}
          </li>
        ))}
      </ol>
    </div>
  );
}
