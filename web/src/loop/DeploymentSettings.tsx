/* Continuous deployment: what happens with a candidate that is better, what it has to keep, and what takes it back. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { ContinuousDeployment } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Field, Input, Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { words } from "../design/format";
import { Card, dim, Loaded } from "../design/page";
import { Notice } from "../design/status";
import { Checks } from "./Checks";
import css from "./loop.module.css";

const POLICIES: { value: ContinuousDeployment["policy"]; title: string; lead: string }[] = [
  { value: "ask", title: "Ask me", lead: "A candidate that passes waits on the Loop tab for your decision." },
  {
    value: "shadow",
    title: "Run it as shadow",
    lead: "It sees every image and answers nobody. The random checks that come meanwhile are compared, image by image.",
  },
  { value: "champion", title: "Make it champion", lead: "It answers from then on. A candidate that is not better is held back." },
];

const AT_PROMOTION: { value: ContinuousDeployment["threshold"]; title: string; lead: string }[] = [
  {
    value: "keep unless worse",
    title: "Keep it unless it is clearly worse for the new version",
    lead: "Told from the test images. Then it moves to the version's best F1 (classification: where answers are as often right as before).",
  },
  { value: "move", title: "Move it to what is best for the new version", lead: "Also one that a person chose." },
  { value: "keep", title: "Always keep it", lead: "Whatever the new version's confidences mean." },
];

export function DeploymentSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}/continuous-deployment` as const;
  const saved = useGet(path);
  return (
    <Card title="Continuous deployment" id="continuous-deployment">
      <Loaded query={saved} height={140}>
        {(data) => <Form saved={data} path={path} />}
      </Loaded>
    </Card>
  );
}

function Form({ saved, path }: { saved: ContinuousDeployment; path: string }) {
  const { deployment, pipeline } = useDeployment();
  const [edited, setEdited] = useState<Partial<ContinuousDeployment>>({});
  const draft = { ...saved, policy: saved.active ? saved.policy : ("ask" as const), ...edited };
  const change = (part: Partial<ContinuousDeployment>) => setEdited({ ...edited, ...part });
  const save = useSend(`/deployments/${deployment.name}`, "/overview");
  const seen = useSeen(path, Object.keys(edited).length > 0);
  const off = pipeline.feedback_loop?.state === "off";
  return (
    <div className={css.form}>
      <fieldset className={css.radios}>
        <legend className="visually-hidden">When a candidate passes the gate</legend>
        {POLICIES.map((choice) => (
          <label key={choice.value}>
            <input type="radio" name="policy" checked={draft.policy === choice.value} onChange={() => change({ policy: choice.value })} />
            <span>{choice.title}</span>
            <small>{choice.lead}</small>
          </label>
        ))}
      </fieldset>
      {draft.policy === "shadow" && (
        <Switch checked={draft.after_shadow === "promote"} onChange={(promote) => change({ after_shadow: promote ? "promote" : "ask" })}>
          Promote the shadow by itself once its random checks speak for it
        </Switch>
      )}
      <fieldset className={css.radios}>
        <legend>The confidence threshold, when a judged version becomes champion</legend>
        {AT_PROMOTION.map((choice) => (
          <label key={choice.value}>
            <input
              type="radio"
              name="threshold at promotion"
              checked={draft.threshold === choice.value}
              onChange={() => change({ threshold: choice.value })}
            />
            <span>{choice.title}</span>
            <small>{choice.lead}</small>
          </label>
        ))}
      </fieldset>
      <Checks
        legend="Critical labels: a candidate that may have lost more than 5 points on one does not pass"
        names={deployment.labels}
        chosen={draft.critical}
        onChange={(critical) => change({ critical })}
      />
      <div className={css.row}>
        <Budget label="Milliseconds an image may take" value={draft.latency_ms} onChange={(latency_ms) => change({ latency_ms })} />
        <Budget label="Megabytes the model file may have" value={draft.size_mb} onChange={(size_mb) => change({ size_mb })} />
      </div>
      <Guard draft={draft} onChange={change} />
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button
          look="primary"
          disabled={off || save.isPending}
          onClick={() =>
            save.mutate(
              { method: "PUT", path, body: { ...edited, active: true, policy: draft.policy }, headers: seen.headers },
              { onSuccess: () => setEdited({}), onError: seen.told },
            )
          }
        >
          Save
        </Button>
        {save.isSuccess && <span role="status">Saved</span>}
      </div>
    </div>
  );
}

/** The metrics that an alert rule watches: an alert soon after a promotion brings the version before back. */
function Guard({ draft, onChange }: { draft: ContinuousDeployment; onChange: (part: Partial<ContinuousDeployment>) => void }) {
  const { deployment } = useDeployment();
  const rules = useGet(`/deployments/${deployment.name}/alert-rules`);
  const watched = new Set((rules.data?.items ?? []).filter((rule) => rule.active).map((rule) => rule.metric));
  const names = [...new Set([...watched, ...draft.guard])];
  if (names.length === 0)
    return <p className={dim}>To take a promotion back by itself, make an alert rule below first: then it can guard promotions.</p>;
  return (
    <>
      <Checks
        legend="Guard: an alert on one of these soon after a promotion brings the version before back"
        names={names}
        chosen={draft.guard}
        title={(name) => (watched.has(name) ? words(name) : `${words(name)} (no alert rule watches it)`)}
        onChange={(guard) => onChange({ guard })}
      />
      {draft.guard.length > 0 && (
        <Field label="Hours a promotion is watched">
          <Input
            type="number"
            min={1}
            value={draft.guard_hours}
            onChange={(event) => onChange({ guard_hours: Number(event.target.value) })}
          />
        </Field>
      )}
    </>
  );
}

function Budget({ label, value, onChange }: { label: string; value: number | null; onChange: (value: number | null) => void }) {
  return (
    <Field label={label}>
      <Input
        type="number"
        min={0}
        placeholder="no limit"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : Number(event.target.value))}
      />
    </Field>
  );
}
