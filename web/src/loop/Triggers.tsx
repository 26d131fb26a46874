/* What starts a run of continuous training by itself, and what holds one back. */
import type { AlertRule, Page as Items, TrainingPolicy } from "../api/types";
import { useRead } from "../api/use";
import { Field, Input, Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { words } from "../design/format";
import { dim } from "../design/page";
import { Checks } from "./Checks";
import css from "./loop.module.css";

type Props = { draft: TrainingPolicy; onChange: (part: Partial<TrainingPolicy>) => void };

export function Triggers({ draft, onChange }: Props) {
  const { deployment } = useDeployment();
  const rules = useRead<Items<AlertRule>>(`/deployments/${deployment.name}/alert-rules`);
  const watched = new Set((rules.data?.items ?? []).filter((rule) => rule.active).map((rule) => rule.metric));
  const names = [...new Set([...watched, ...draft.on_alert])];
  return (
    <fieldset className={css.group}>
      <legend>A run starts, whichever comes first</legend>
      <div className={css.row}>
        <Field label="After this many added images">
          <Input type="number" min={1} value={draft.after} onChange={(event) => onChange({ after: Number(event.target.value) })} />
        </Field>
        <Maybe label="Days after the last run" none="never" value={draft.every_days} onChange={(every_days) => onChange({ every_days })} />
      </div>
      {names.length === 0 ? (
        <p className={dim}>To start one when drift rises or a metric falls below its target, make an alert rule for it below first.</p>
      ) : (
        <Checks
          legend="When an alert on one of these fires, and at least one image was added"
          names={names}
          chosen={draft.on_alert}
          title={(name) => (watched.has(name) ? words(name) : `${words(name)} (no alert rule watches it)`)}
          onChange={(on_alert) => onChange({ on_alert })}
        />
      )}
    </fieldset>
  );
}

export function Limits({ draft, onChange }: Props) {
  const quiet = draft.quiet_hours;
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  return (
    <fieldset className={css.group}>
      <legend>And it waits</legend>
      <div className={css.row}>
        <Field label="Hours after the last one began">
          <Input
            type="number"
            min={0}
            step="any"
            value={draft.cool_down_hours}
            onChange={(event) => onChange({ cool_down_hours: Number(event.target.value) })}
          />
        </Field>
        <Maybe
          label="Minutes of training a day at most"
          none="no limit"
          value={draft.minutes_per_day}
          onChange={(minutes_per_day) => onChange({ minutes_per_day })}
        />
      </div>
      <Switch
        checked={quiet !== null}
        onChange={(on) => onChange({ quiet_hours: on ? { start: "08:00", end: "18:00", time_zone: here } : null })}
      >
        For the end of quiet hours
      </Switch>
      {quiet && (
        <div className={css.row}>
          {(["start", "end"] as const).map((side) => (
            <Field key={side} label={side === "start" ? "Quiet from" : "Quiet until"}>
              <Input
                type="time"
                required
                value={quiet[side]}
                onChange={(event) => onChange({ quiet_hours: { ...quiet, [side]: event.target.value } })}
              />
            </Field>
          ))}
          <Field label="On the clocks of">
            <Input
              list="time-zones"
              value={quiet.time_zone}
              onChange={(event) => onChange({ quiet_hours: { ...quiet, time_zone: event.target.value } })}
            />
          </Field>
          <datalist id="time-zones">
            {[...new Set([here, quiet.time_zone, "UTC", ...Intl.supportedValuesOf("timeZone")])].map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </div>
      )}
    </fieldset>
  );
}

type MaybeProps = { label: string; none: string; value: number | null; onChange: (value: number | null) => void };

function Maybe({ label, none, value, onChange }: MaybeProps) {
  return (
    <Field label={label}>
      <Input
        type="number"
        min={0}
        step="any"
        placeholder={none}
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : Number(event.target.value))}
      />
    </Field>
  );
}
