/* Alert rules of a deployment: a metric, above or below, a number; who is told is under Advanced. */
import { useState } from "react";
import type { AlertRule, AlertSubject, MetricInfo, Page as Items, Task } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { duration } from "../design/format";
import { Card, dim } from "../design/page";
import { Notice } from "../design/status";
import css from "./alerts.module.css";
import { measures, sentence, type Measure } from "./measures";

export function AlertSettings({ deployment, task }: { deployment: string; task: Task }) {
  const path = `/deployments/${deployment}/alert-rules`;
  const rules = useRead<Items<AlertRule>>(path);
  const catalog = useRead<Items<MetricInfo>>("/metrics");
  const send = useSend(path, "/alerts");
  const [tested, setTested] = useState<string | null>(null);
  const known = new Set(catalog.data?.items.filter((info) => info.tasks.includes(task)).map((info) => info.name) ?? []);
  const subjects = useRead<Items<AlertSubject>>("/alert-subjects");
  const choices = measures(subjects.data?.items ?? [], known);
  return (
    <Card title="Alerts" id="alerts">
      <div className={css.rules}>
        {rules.data?.items.map((rule) => (
          <div key={rule.id} className={css.rule}>
            <Switch
              checked={rule.active}
              onChange={(active) => send.mutate({ method: "PATCH", path: `/alert-rules/${rule.id}`, body: { active } })}
            >
              {sentence(rule, choices)}
            </Switch>
            <span className={dim}>
              over {duration(rule.window_s)}, at least {rule.min_count} images{rule.webhook ? `, tells ${host(rule.webhook)}` : ""}
            </span>
            <span className={css.ruleActions}>
              {rule.webhook && (
                <Button
                  small
                  onClick={() =>
                    send.mutate({ method: "POST", path: `/alert-rules/${rule.id}/test` }, { onSuccess: () => setTested(rule.id) })
                  }
                >
                  {tested === rule.id ? "Sent" : "Send a test"}
                </Button>
              )}
              <Button small look="quiet" onClick={() => send.mutate({ method: "DELETE", path: `/alert-rules/${rule.id}` })}>
                Delete
              </Button>
            </span>
          </div>
        ))}
        {send.error && <Notice tone="bad">{send.error.message}</Notice>}
        {choices.length > 0 && <NewRule path={path} choices={choices} />}
      </div>
    </Card>
  );
}

function host(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

function NewRule({ path, choices }: { path: string; choices: Measure[] }) {
  const [key, setKey] = useState("");
  const chosen = choices.find((choice) => choice.key === key) ?? choices[0];
  const [operator, setOperator] = useState<AlertRule["operator"] | "">("");
  const [value, setValue] = useState("");
  const [webhook, setWebhook] = useState("");
  const [windowS, setWindow] = useState(3600);
  const [minimum, setMinimum] = useState(30);
  const save = useSend(path);
  const submit = () => {
    const body = {
      metric: chosen.metric,
      field: chosen.field,
      operator: operator || chosen.operator,
      value: Number(value) / chosen.scale,
      window_s: windowS,
      min_count: minimum,
      webhook: webhook.trim() || null,
      active: true,
    };
    save.mutate({ method: "POST", path, body }, { onSuccess: () => (setValue(""), setWebhook("")) });
  };
  return (
    <form className={css.new} onSubmit={(event) => (event.preventDefault(), submit())}>
      <div className={css.line}>
        <span>Tell me when</span>
        <Select
          aria-label="Metric"
          value={chosen.key}
          onChange={(event) => (setKey(event.target.value), setOperator(""))}
          options={choices.map((choice) => ({ value: choice.key, title: choice.title }))}
        />
        <span>is</span>
        <Select
          aria-label="Above or below"
          value={operator || chosen.operator}
          onChange={(event) => setOperator(event.target.value as AlertRule["operator"])}
          options={[
            { value: "above", title: "above" },
            { value: "below", title: "below" },
          ]}
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
      </div>
      <details className={css.advanced}>
        <summary>Advanced</summary>
        <div className={css.more}>
          <Field label="Webhook" hint="A POST with the alert as JSON, when it fires and when it ends.">
            <Input type="url" value={webhook} placeholder="https://" onChange={(event) => setWebhook(event.target.value)} />
          </Field>
          <Field label="Over the last">
            <Select
              value={String(windowS)}
              onChange={(event) => setWindow(Number(event.target.value))}
              options={[
                { value: "300", title: "5 minutes" },
                { value: "3600", title: "1 hour" },
                { value: "86400", title: "1 day" },
                { value: "604800", title: "7 days" },
              ]}
            />
          </Field>
          <Field label="With at least this many images">
            <Input type="number" min={1} value={minimum} onChange={(event) => setMinimum(Number(event.target.value))} />
          </Field>
        </div>
      </details>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
    </form>
  );
}
