/* From when to when, as the clock on this viewer's wall says it; what that is in UTC stands below. */
import { useState } from "react";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { utc } from "../design/format";
import css from "./monitoring.module.css";

type Props = { from: Date; to: Date; onClose: () => void; onChoose: (from: string, to: string) => void };

export function RangeDialog({ from, to, onClose, onChoose }: Props) {
  const [begin, setBegin] = useState(wall(from));
  const [end, setEnd] = useState(wall(to));
  const [since, until] = [new Date(begin), new Date(end)];
  const wrong =
    Number.isNaN(since.getTime()) || Number.isNaN(until.getTime())
      ? "Both times are needed."
      : until <= since
        ? "It ends before it begins."
        : null;
  const submit = () => !wrong && onChoose(since.toISOString(), until.toISOString());
  return (
    <Dialog open onClose={onClose} title="Time range" lead={`Times are ${zone()}.`}>
      <form className={css.range} onSubmit={(event) => (event.preventDefault(), submit())}>
        <Field label="From" hint={said(since)}>
          <Input type="datetime-local" step={1} value={begin} onChange={(event) => setBegin(event.target.value)} />
        </Field>
        <Field label="To" hint={said(until)}>
          <Input type="datetime-local" step={1} value={end} onChange={(event) => setEnd(event.target.value)} />
        </Field>
        <p role="alert">{wrong}</p>
        <Button look="primary" type="submit" disabled={wrong !== null}>
          Show this range
        </Button>
      </form>
    </Dialog>
  );
}

/** Where this viewer's clock is, as people say it: Europe/Berlin (GMT+1). */
export function zone(at = new Date()): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const offset = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName");
  return timeZone === "UTC" || !offset ? timeZone : `${timeZone} (${offset.value})`;
}

function said(at: Date): string {
  return Number.isNaN(at.getTime()) ? "" : utc(at);
}

/** As the browser's field for a time wants it: no zone, whole seconds. */
function wall(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
