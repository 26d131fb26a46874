/* Continuous deployment: what happens with a candidate that is better. */
import { useState } from "react";
import type { ContinuousDeployment } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Card, Loaded } from "../design/page";
import { Notice } from "../design/status";
import css from "./loop.module.css";

const POLICIES: { value: ContinuousDeployment["policy"]; title: string; lead: string }[] = [
  { value: "ask", title: "Ask me", lead: "A candidate that passes waits on the Loop tab for your decision." },
  { value: "shadow", title: "Run it as shadow", lead: "It sees every image and answers nobody, so that you can compare." },
  { value: "champion", title: "Make it champion", lead: "It answers from then on. A candidate that is not better is held back." },
];

export function DeploymentSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}/continuous-deployment`;
  const saved = useRead<ContinuousDeployment>(path);
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
  const [picked, setPolicy] = useState<ContinuousDeployment["policy"] | null>(null);
  const policy = picked ?? (saved.active ? saved.policy : "ask");
  const save = useSend(`/deployments/${deployment.name}`, "/overview");
  const off = pipeline.feedback_loop?.state === "off";
  return (
    <div className={css.form}>
      <fieldset className={css.radios}>
        <legend className="visually-hidden">When a candidate passes the gate</legend>
        {POLICIES.map((choice) => (
          <label key={choice.value}>
            <input type="radio" name="policy" checked={policy === choice.value} onChange={() => setPolicy(choice.value)} />
            <span>{choice.title}</span>
            <small>{choice.lead}</small>
          </label>
        ))}
      </fieldset>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button
          look="primary"
          disabled={off || save.isPending}
          onClick={() => save.mutate({ method: "PUT", path, body: { active: true, policy } })}
        >
          Save
        </Button>
        {save.isSuccess && <span role="status">Saved</span>}
      </div>
    </div>
  );
}
