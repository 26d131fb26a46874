/* The team: how well it sees, how quick oneself is, and who reviews what. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { ReviewTeam, TeamSettings, TeamShare } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, percent, plural } from "../design/format";
import { Loaded } from "../design/page";
import { Notice } from "../design/status";
import { TeamRules } from "./TeamRules";
import css from "./team.module.css";

type Props = { open: boolean; onClose: () => void; deployment: string };

export function TeamDialog({ open, onClose, deployment }: Props) {
  const path = `/deployments/${deployment}/review-team`;
  const team = useRead<ReviewTeam>(open ? path : null);
  return (
    <Dialog open={open} onClose={onClose} title="Team" wide>
      <Loaded query={team} height={300}>
        {(found) => (
          <div className={css.team}>
            <Numbers found={found} />
            <Form key={open ? "open" : ""} found={found} path={path} onClose={onClose} />
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function Numbers({ found }: { found: ReviewTeam }) {
  const { seeing, me, people, not_yet } = found;
  const waits = [
    seeing.wanted > 0 && `${plural(seeing.wanted, "second look")} for another person to do`,
    seeing.disputed > 0 && `${plural(seeing.disputed, "image")} that two people see differently`,
  ].filter(Boolean);
  return (
    <section className={css.numbers} aria-label="How well the team sees">
      <dl>
        <div>
          <dt>Agreement</dt>
          <dd>{percent(seeing.agreement.value)}</dd>
          <dd>{spanOf(seeing.agreement, "second look")}</dd>
        </div>
        <div>
          <dt>Overlooked when the answer is hidden</dt>
          <dd>{percent(seeing.overlooked.value)}</dd>
          <dd>{spanOf(seeing.overlooked, "object")}</dd>
        </div>
        <div>
          <dt>You, last 30 days</dt>
          <dd>{me.seconds === null ? "–" : `${me.seconds.toFixed(1)} s`}</dd>
          <dd>
            {plural(me.images, "image")}
            {!people && ", seen by you alone"}
          </dd>
        </div>
      </dl>
      {waits.length > 0 && <p>{waits.join(" · ")}</p>}
      {not_yet > 0 && (
        <p>
          {plural(not_yet, "reviewed random check")} {not_yet === 1 ? "counts" : "count"} only once an earlier one, which still waits, is
          reviewed.
        </p>
      )}
      {people && (
        <table>
          <thead>
            <tr>
              <th>Person</th>
              <th data-n>Images</th>
              <th data-n>Seconds each</th>
            </tr>
          </thead>
          <tbody>
            {people.map((one) => (
              <tr key={one.name}>
                <td>{one.name}</td>
                <td data-n>{count(one.images)}</td>
                <td data-n>{one.seconds === null ? "–" : one.seconds.toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function spanOf({ of, lower, upper }: TeamShare, what: string): string {
  if (of === 0) return `no ${what} yet`;
  return `of ${plural(of, what)}, ${percent(lower)} to ${percent(upper)}`;
}

function settingsOf({ rules, second_share, blind_share, settled_by, show_speed, patience_days }: ReviewTeam): TeamSettings {
  return {
    rules: rules ?? [],
    second_share: second_share ?? 0,
    blind_share: blind_share ?? 0,
    settled_by: settled_by ?? "third person",
    show_speed: show_speed ?? false,
    patience_days: patience_days === undefined ? 7 : patience_days,
  };
}

function Form({ found, path, onClose }: { found: ReviewTeam; path: string; onClose: () => void }) {
  const [edited, setEdited] = useState<Partial<TeamSettings>>({});
  const draft = { ...settingsOf(found), ...edited };
  const change = (part: Partial<TeamSettings>) => setEdited({ ...edited, ...part });
  const save = useSend(path.replace(/\/review-team$/, ""));
  const seen = useSeen(path, Object.keys(edited).length > 0);
  const submit = () => save.mutate({ method: "PUT", path, body: draft, headers: seen.headers }, { onSuccess: onClose, onError: seen.told });
  return (
    <form className={css.form} onSubmit={(event) => (event.preventDefault(), submit())}>
      <TeamRules rules={draft.rules} waiting={found.waiting} onChange={(rules) => change({ rules })} />
      {draft.rules.length > 0 && <Patience days={draft.patience_days ?? null} onChange={(patience_days) => change({ patience_days })} />}
      <div className={css.shares}>
        <Share
          label="Second look"
          hint="Of the reviewed images another person reviews so many, unaware of what the first said. The first look counts until both are compared; where they differ, it counts until somebody decides."
          value={draft.second_share ?? 0}
          onChange={(second_share) => change({ second_share })}
        />
        <Share
          label="Blind checks"
          hint="Of the random checks so many begin with the boxes hidden on purpose: one draws, then the answer is compared."
          value={draft.blind_share ?? 0}
          onChange={(blind_share) => change({ blind_share })}
        />
      </div>
      <Field label="Where two people differ, who decides?">
        <Select
          value={draft.settled_by}
          options={[
            { value: "third person", title: "A third person" },
            { value: "owner", title: "The owner" },
          ]}
          onChange={(event) => change({ settled_by: event.target.value as TeamSettings["settled_by"] })}
        />
      </Field>
      <Switch checked={draft.show_speed} onChange={(show_speed) => change({ show_speed })}>
        Everybody sees how quick each person is
      </Switch>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <Button look="primary" type="submit" disabled={save.isPending}>
        {save.isPending ? "Saving…" : "Save"}
      </Button>
    </form>
  );
}

function Patience({ days, onChange }: { days: number | null; onChange: (days: number | null) => void }) {
  return (
    <Field
      label="Random checks wait for their people, days"
      hint="Then they are offered to everybody, because none that comes after them counts before. Empty: they wait for ever."
    >
      <Input
        type="number"
        min={0}
        max={3650}
        step="any"
        value={days ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : Number(event.target.value))}
      />
    </Field>
  );
}

type ShareProps = { label: string; hint: string; value: number; onChange: (share: number) => void };

function Share({ label, hint, value, onChange }: ShareProps) {
  return (
    <Field label={`${label}, percent`} hint={hint}>
      <Input
        type="number"
        min={0}
        max={100}
        step={1}
        value={Math.round(value * 100)}
        onChange={(event) => onChange(Math.min(Math.max(Number(event.target.value) / 100, 0), 1))}
      />
    </Field>
  );
}
