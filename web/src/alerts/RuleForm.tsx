/* A new rule, or one that is changed: a metric, above or below, a number; everything else is under Advanced. */
import { useState } from "react";
import type { AlertRule, Channel, Page as Items, RuleSettings, Severity } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select } from "../design/controls";
import { Notice } from "../design/status";
import css from "./alerts.module.css";
import type { Measure } from "./measures";

const FRESH: RuleSettings = {
  operator: "above",
  value: 0,
  window_s: 3600,
  min_count: 30,
  clear_value: null,
  for_s: 0,
  keep_firing_s: 0,
  estimator: "point",
  severity: "warning",
  cooldown_s: 0,
  remind_s: null,
  no_data_after_s: null,
  source: null,
  tag: null,
  label: null,
  each: null,
};

const TOGETHER = { source: null, tag: null, label: null, each: null } satisfies Partial<RuleSettings>;

/** "only line-1, tag night": which images a rule is about, where it is not about all. */
export function only(rule: Pick<RuleSettings, "source" | "tag" | "label">): string {
  const parts = [rule.source, rule.tag && `tag ${rule.tag}`, rule.label && `label ${rule.label}`].filter(Boolean);
  return parts.length > 0 ? `only ${parts.join(", ")}` : "";
}

const WINDOWS: [number, string][] = [
  [300, "5 minutes"],
  [3600, "1 hour"],
  [86400, "1 day"],
  [604800, "7 days"],
  [2592000, "30 days"],
];

type Props = { path: string; choices: Measure[]; rule?: AlertRule; onDone?: () => void };

export function RuleForm({ path, choices, rule, onDone }: Props) {
  const own = rule ? `${rule.metric}.${rule.field}` : "";
  const [key, setKey] = useState(own);
  const chosen = choices.find((choice) => choice.key === key) ?? choices[0];
  const [set, setSet] = useState<RuleSettings>(rule ?? FRESH);
  const [operator, setOperator] = useState<RuleSettings["operator"] | "">(rule?.operator ?? "");
  const [value, setValue] = useState(rule ? shown(rule.value, chosen.scale) : "");
  const [clear, setClear] = useState(rule?.clear_value == null ? "" : shown(rule.clear_value, chosen.scale));
  const [told, setTold] = useState<string[]>(rule?.channels.map((one) => one.id) ?? []);
  const [webhook, setWebhook] = useState("");
  const save = useSend(path, "/channels");
  const change = (part: Partial<RuleSettings>) => setSet({ ...set, ...part });
  const submit = () => {
    const body: Record<string, unknown> = {
      ...Object.fromEntries(Object.keys(FRESH).map((name) => [name, set[name as keyof RuleSettings]])),
      operator: operator || chosen.operator,
      value: Number(value) / chosen.scale,
      clear_value: clear === "" ? null : Number(clear) / chosen.scale,
      estimator: chosen.bounds ? set.estimator : "point",
      each: chosen.slices.find((one) => one === set.each) ?? null,
      channels: told,
    };
    if (rule) {
      save.mutate({ method: "PATCH", path: `/alert-rules/${rule.id}`, body }, { onSuccess: onDone });
      return;
    }
    const whole = { ...body, metric: chosen.metric, field: chosen.field, webhook: webhook.trim() || null };
    save.mutate({ method: "POST", path, body: whole }, { onSuccess: () => (setValue(""), setWebhook("")) });
  };
  return (
    <form className={css.new} onSubmit={(event) => (event.preventDefault(), submit())}>
      <div className={css.line}>
        <span>Tell me when</span>
        <Select
          aria-label="Metric"
          value={chosen.key}
          disabled={rule !== undefined}
          onChange={(event) => (setKey(event.target.value), setOperator(""))}
          options={choices.map((choice) => ({ value: choice.key, title: choice.title }))}
        />
        <span>is</span>
        <Select
          aria-label="Above or below"
          value={operator || chosen.operator}
          onChange={(event) => setOperator(event.target.value as RuleSettings["operator"])}
          options={["above", "below"].map((one) => ({ value: one, title: one }))}
        />
        <Input
          type="number"
          step="any"
          aria-label="Number"
          placeholder={chosen.example}
          value={value}
          onChange={(event) => setValue(event.target.value)}
          required
        />
        <span>{chosen.shown}</span>
        <Button type="submit" look="primary" disabled={value === "" || save.isPending}>
          Save
        </Button>
        {rule && <Button onClick={onDone}>Cancel</Button>}
      </div>
      <details className={css.advanced} open={rule !== undefined}>
        <summary>Advanced</summary>
        <div className={css.more}>
          <Field label="Over the last">
            <Select
              value={String(set.window_s)}
              onChange={(event) => change({ window_s: Number(event.target.value) })}
              options={windows(set.window_s)}
            />
          </Field>
          <Whole label="With at least this many images" value={set.min_count} least={1} onChange={(min_count) => change({ min_count })} />
          {chosen.bounds && (
            <Field label="Compare" hint="A bound is beyond the number with 95 % certainty only.">
              <Select
                value={set.estimator}
                onChange={(event) => change({ estimator: event.target.value as RuleSettings["estimator"] })}
                options={[
                  { value: "point", title: "the number itself" },
                  { value: "lower", title: "its lower bound" },
                  { value: "upper", title: "its upper bound" },
                ]}
              />
            </Field>
          )}
          <Minutes
            label="For, in minutes"
            hint="So long it must hold."
            seconds={set.for_s}
            onChange={(for_s) => change({ for_s: for_s ?? 0 })}
          />
          <Field label={`Over at ${chosen.shown}`} hint="The number that ends it; empty: the same.">
            <Input type="number" step="any" aria-label="Ends at" value={clear} onChange={(event) => setClear(event.target.value)} />
          </Field>
          <Minutes
            label="Keep firing, in minutes"
            hint="So long it must be over."
            seconds={set.keep_firing_s}
            onChange={(keep_firing_s) => change({ keep_firing_s: keep_firing_s ?? 0 })}
          />
          <Minutes
            label="Cool-down, in minutes"
            hint="So long none begins after one ended."
            seconds={set.cooldown_s}
            onChange={(cooldown_s) => change({ cooldown_s: cooldown_s ?? 0 })}
          />
          <Minutes
            label="Remind every, in minutes"
            hint="Empty: never."
            seconds={set.remind_s}
            onChange={(remind_s) => change({ remind_s })}
          />
          <Minutes
            label="Say no data after, in minutes"
            hint="Empty: never."
            seconds={set.no_data_after_s}
            onChange={(no_data_after_s) => change({ no_data_after_s })}
          />
          <Field label="Severity">
            <Select
              value={set.severity}
              onChange={(event) => change({ severity: event.target.value as Severity })}
              options={["info", "warning", "critical"].map((one) => ({ value: one, title: one }))}
            />
          </Field>
          <Field label="Of">
            <Select
              value={chosen.slices.find((one) => one === set.each) ?? ""}
              onChange={(event) => change({ ...TOGETHER, each: (event.target.value || null) as RuleSettings["each"] })}
              options={[
                { value: "", title: only(set) || "all images together" },
                ...chosen.slices.map((one) => ({ value: one, title: `each ${one} by itself` })),
              ]}
            />
          </Field>
        </div>
        <Told told={told} onChange={setTold} />
        {!rule && (
          <Field label="Or a webhook" hint="A POST with the alert as JSON, when it fires and when it ends. It becomes a channel.">
            <Input type="url" value={webhook} placeholder="https://" onChange={(event) => setWebhook(event.target.value)} />
          </Field>
        )}
      </details>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
    </form>
  );
}

function Told({ told, onChange }: { told: string[]; onChange: (ids: string[]) => void }) {
  const channels = useRead<Items<Channel>>("/channels");
  const items = channels.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <fieldset className={css.told}>
      <legend>Tell</legend>
      {items.map((channel) => (
        <label key={channel.id}>
          <input
            type="checkbox"
            checked={told.includes(channel.id)}
            onChange={(event) => onChange(event.target.checked ? [...told, channel.id] : told.filter((one) => one !== channel.id))}
          />{" "}
          {channel.name}
        </label>
      ))}
    </fieldset>
  );
}

type Count = { label: string; value: number; least: number; onChange: (value: number) => void };

function Whole({ label, value, least, onChange }: Count) {
  return (
    <Field label={label}>
      <Input type="number" min={least} value={value} onChange={(event) => onChange(Number(event.target.value))} />
    </Field>
  );
}

type Spell = { label: string; hint: string; seconds: number | null; onChange: (seconds: number | null) => void };

function Minutes({ label, hint, seconds, onChange }: Spell) {
  return (
    <Field label={label} hint={hint}>
      <Input
        type="number"
        min={0}
        step="any"
        value={seconds === null ? "" : seconds / 60}
        onChange={(event) => onChange(event.target.value === "" ? null : Math.round(Number(event.target.value) * 60))}
      />
    </Field>
  );
}

function shown(value: number, scale: number): string {
  return String(Number((value * scale).toPrecision(6)));
}

function windows(now: number): { value: string; title: string }[] {
  const known = WINDOWS.some(([seconds]) => seconds === now) ? WINDOWS : [[now, `${now} seconds`] as [number, string], ...WINDOWS];
  return known.map(([seconds, title]) => ({ value: String(seconds), title }));
}
