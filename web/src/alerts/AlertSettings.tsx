/* Alert rules of a deployment: those there are, those worth having, a new one, and times when it is meant to stand still. */
import { useState } from "react";
import type { AlertRule, AlertSubject, MetricInfo, Page as Items, SuggestedRule, Task, TestResult } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Switch } from "../design/controls";
import { duration, plural } from "../design/format";
import { Card, dim } from "../design/page";
import { Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./alerts.module.css";
import { measures, sentence, TONES, type Measure } from "./measures";
import { PlannedStops } from "./PlannedStops";
import { only, RuleForm } from "./RuleForm";

export function AlertSettings({ deployment, task }: { deployment: string; task: Task }) {
  const path = `/deployments/${deployment}/alert-rules`;
  const rules = useRead<Items<AlertRule>>(path, undefined, { every: 10000 });
  const catalog = useRead<Items<MetricInfo>>("/metrics");
  const known = new Set(catalog.data?.items.filter((info) => info.tasks.includes(task)).map((info) => info.name) ?? []);
  const subjects = useRead<Items<AlertSubject>>("/alert-subjects");
  const choices = measures(subjects.data?.items ?? [], known);
  return (
    <Card title="Alerts" id="alerts">
      <div className={css.rules}>
        {rules.error && <Notice tone="bad">{rules.error.message}</Notice>}
        {rules.data?.items.map((rule) => (
          <Rule key={rule.id} rule={rule} choices={choices} path={path} />
        ))}
        <Suggested path={path} choices={choices} />
        {choices.length > 0 && <RuleForm path={path} choices={choices} />}
        <PlannedStops deployment={deployment} />
      </div>
    </Card>
  );
}

function Rule({ rule, choices, path }: { rule: AlertRule; choices: Measure[]; path: string }) {
  const [editing, setEditing] = useState(false);
  const send = useSend(path, "/alerts");
  const test = useSend<TestResult>(path, "/channels");
  const here = `/alert-rules/${rule.id}`;
  const error = send.error ?? test.error;
  return (
    <div className={css.rule}>
      <Switch checked={rule.active} onChange={(active) => send.mutate({ method: "PATCH", path: here, body: { active } })}>
        {sentence(rule, choices)}
      </Switch>
      <span className={dim}>
        <span>{scope(rule)}</span>
        <Delivered rule={rule} />
      </span>
      <span className={css.ruleActions}>
        {rule.channels.length > 0 && (
          <Button small disabled={test.isPending} onClick={() => test.mutate({ method: "POST", path: `${here}/test` })}>
            Send a test
          </Button>
        )}
        <Button small aria-expanded={editing} onClick={() => setEditing(!editing)}>
          Edit
        </Button>
        <Button small look="quiet" onClick={() => send.mutate({ method: "DELETE", path: here })}>
          Delete
        </Button>
      </span>
      <div className={css.said}>
        <NotTold rule={rule} />
        {test.data && <Notice tone={test.data.delivered ? "ok" : "bad"}>{test.data.message}</Notice>}
        {error && <Notice tone="bad">{error.message}</Notice>}
        {editing && <RuleForm path={path} choices={choices} rule={rule} onDone={() => setEditing(false)} />}
      </div>
    </div>
  );
}

/** Over which images, for how long, and who is told. */
function scope(rule: AlertRule): string {
  const parts = [`over ${duration(rule.window_s)}`, `at least ${plural(rule.min_count, "image")}`];
  if (rule.each) parts.push(`each ${rule.each} by itself`);
  if (only(rule)) parts.push(only(rule));
  if (rule.for_s > 0) parts.push(`for ${duration(rule.for_s)}`);
  if (rule.estimator !== "point") parts.push(`${rule.estimator} bound`);
  if (rule.channels.length > 0) {
    parts.push(`tells ${rule.channels.map((one) => (one.active ? one.name : `${one.name} (off)`)).join(", ")}`);
  }
  return parts.join(", ");
}

function Delivered({ rule }: { rule: AlertRule }) {
  const last = rule.last_delivery;
  const missing = rule.slices.find((one) => one.no_data_since);
  return (
    <>
      {(rule.state === "firing" || rule.state === "clearing") && (
        <Chip tone={TONES[rule.severity]} dot>
          Firing
        </Chip>
      )}
      {missing && (
        <Chip title={missing.slice ?? undefined}>
          not known since <Time at={missing.no_data_since} />
        </Chip>
      )}
      {last?.state === "sent" && (
        <span>
          last told <Time at={last.sent_at} />
        </span>
      )}
      {last?.state === "waiting" && !last.error && <Chip tone="warn">on its way</Chip>}
    </>
  );
}

/** Why the latest message has not arrived: a sentence that may be long. */
function NotTold({ rule }: { rule: AlertRule }) {
  const last = rule.last_delivery;
  if (!last?.error || last.state === "sent") return null;
  const failed = last.state === "failed";
  return (
    <Notice tone={failed ? "bad" : "warn"}>
      {failed ? "Not told" : "Trying again"}: {last.error}
    </Notice>
  );
}

/** Rules worth having that are not there yet, one press each. */
function Suggested({ path, choices }: { path: string; choices: Measure[] }) {
  const offered = useRead<Items<SuggestedRule>>(`${path}/suggested`);
  const add = useSend(path);
  const items = offered.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className={css.suggested} aria-label="Suggested rules">
      <h3>Suggested</h3>
      {items.map((one) => (
        <div key={one.title} className={css.offer}>
          <span>
            {sentence({ ...one.rule, field: one.rule.field ?? "" }, choices)} <span className={dim}>{one.reason}</span>
          </span>
          <Button
            small
            aria-label={`Add: ${one.title}`}
            disabled={add.isPending}
            onClick={() => add.mutate({ method: "POST", path, body: one.rule })}
          >
            Add
          </Button>
        </div>
      ))}
      {add.error && <Notice tone="bad">{add.error.message}</Notice>}
    </section>
  );
}
