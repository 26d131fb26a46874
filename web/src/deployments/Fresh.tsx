/* What stands above a deployment that was just made, until somebody puts it away: how far it is, how to use it, which alerts to begin with. */
import { useState } from "react";
import type { DeploymentOverview } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button } from "../design/controls";
import { plural } from "../design/format";
import { Card, dim } from "../design/page";
import { Notice } from "../design/status";
import css from "./fresh.module.css";
import { OwnMachines, SendImages } from "./Snippets";
import { FailedServing } from "./FailedServing";

export function Fresh({ overview, onDone }: { overview: DeploymentOverview; onDone: () => void }) {
  const { deployment, predictions } = overview;
  const external = deployment.target === "external";
  return (
    <Card
      title={external ? "Deployed on your own machines" : "Deployed"}
      aside={
        <Button small onClick={onDone}>
          Done
        </Button>
      }
    >
      <div className={css.fresh}>
        <section className={css.part}>
          <Steps overview={overview} />
          <FailedServing deployment={deployment} />
          <p className={dim} role="status">
            {predictions > 0 ? `${plural(predictions, "image")} so far.` : "Waiting for the first image."}
          </p>
          {external ? (
            <OwnMachines name={deployment.name} version={{ ...deployment, id: deployment.champion?.id ?? "" }} />
          ) : (
            <SendImages name={deployment.name} />
          )}
        </section>
        <Offered deployment={deployment.name} />
      </div>
    </Card>
  );
}

const ORDER = ["loading", "warming", "live"];
const TITLES: Record<string, string> = { loading: "Loading", warming: "Warming up", live: "Live" };

function Steps({ overview: { deployment, predictions } }: { overview: DeploymentOverview }) {
  const { state } = deployment.serving;
  const external = deployment.target === "external";
  const steps = external
    ? [
        { name: "Deployed", state: "done" },
        { name: "First image", state: predictions > 0 ? "done" : "now" },
      ]
    : ORDER.map((name, i) => {
        const at = state === "failed" ? -1 : ORDER.indexOf(state);
        return {
          name: TITLES[name],
          state: state === "failed" && i === 0 ? "failed" : i < at || state === "live" ? "done" : i === at ? "now" : "ahead",
        };
      });
  return (
    <ol className={css.steps} aria-label="How far it is">
      {steps.map((step) => (
        <li key={step.name} data-state={step.state} aria-current={step.state === "now" ? "step" : undefined}>
          {step.name}
        </li>
      ))}
    </ol>
  );
}

/** Rules worth having from the first day, made together by one press. */
function Offered({ deployment }: { deployment: string }) {
  const path = `/deployments/${deployment}/alert-rules` as const;
  const offered = useGet(`${path}/suggested`);
  const [without, setWithout] = useState<readonly string[]>([]);
  const add = useSend(path);
  const items = offered.data?.items ?? [];
  const chosen = items.filter((one) => !without.includes(one.title));
  const make = async () => {
    for (const one of chosen) await add.mutateAsync({ method: "POST", path, body: one.rule });
  };
  if (items.length === 0) return add.isSuccess ? <Notice tone="ok">The alert rules are there. Change them in Settings.</Notice> : null;
  return (
    <fieldset className={css.rules}>
      <legend>Tell me when</legend>
      {items.map(({ title, reason }) => (
        <label key={title}>
          <input
            type="checkbox"
            checked={!without.includes(title)}
            onChange={(event) => setWithout(event.target.checked ? without.filter((one) => one !== title) : [...without, title])}
          />
          <span>{title}</span>
          <small>{reason}</small>
        </label>
      ))}
      {add.error && <Notice tone="bad">{add.error.message}</Notice>}
      <div>
        <Button disabled={chosen.length === 0 || add.isPending} onClick={() => void make().catch(() => undefined)}>
          Add {plural(chosen.length, "alert rule")}
        </Button>
      </div>
    </fieldset>
  );
}
