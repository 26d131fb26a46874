/* How drift is watched: how many false alarms are bearable, when a window closes, and after how many predictions there may be a notice. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { Drift, DriftWatch } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { sentence } from "./DriftStanding";
import { Card, Loaded } from "../design/page";
import { Notice } from "../design/status";
import css from "./monitoring.module.css";

const BUDGETS = [
  { value: "year", title: "About one a year" },
  { value: "quarter", title: "About one a quarter" },
  { value: "month", title: "About one a month" },
];
const CLOSES = [
  { value: "time", title: "By time" },
  { value: "count", title: "By count" },
];

export function DriftSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}/drift`;
  const found = useRead<Drift>(path);
  return (
    <Card title="Drift" id="drift">
      <Loaded query={found} height={140}>
        {(drift) => <Form saved={drift} path={path} />}
      </Loaded>
    </Card>
  );
}

function Form({ saved, path }: { saved: Drift; path: string }) {
  const [edited, setEdited] = useState<Partial<DriftWatch>>({});
  const draft = { ...saved.settings, ...edited };
  const save = useSend(path.replace(/\/drift$/, ""));
  const seen = useSeen(path, Object.keys(edited).length > 0);
  const change = (part: Partial<DriftWatch>) => setEdited({ ...edited, ...part });
  return (
    <div className={css.why}>
      <p className={css.foot}>{sentence(saved.sentence)}.</p>
      <div className={css.watch}>
        <Field label="False alarms" hint="Among all deployments that are watched.">
          <Select
            value={draft.budget}
            options={BUDGETS}
            onChange={(event) => change({ budget: event.target.value as DriftWatch["budget"] })}
          />
        </Field>
        <Field label="A window closes">
          <Select value={draft.by} options={CLOSES} onChange={(event) => change({ by: event.target.value as DriftWatch["by"] })} />
        </Field>
        {draft.by === "time" && (
          <Field label="After hours">
            <Input
              type="number"
              min={1}
              max={744}
              value={draft.hours}
              onChange={(event) => change({ hours: Number(event.target.value) })}
            />
          </Field>
        )}
        <Field label="With at least images">
          <Input
            type="number"
            min={50}
            max={100000}
            value={draft.images}
            onChange={(event) => change({ images: Number(event.target.value) })}
          />
        </Field>
        <Field label="Notice after predictions" hint="When they plainly differ from the training data.">
          <Input
            type="number"
            min={20}
            max={100000}
            value={draft.notice}
            onChange={(event) => change({ notice: Number(event.target.value) })}
          />
        </Field>
      </div>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.says}>
        <Button
          look="primary"
          disabled={save.isPending}
          onClick={() =>
            save.mutate({ method: "PUT", path, body: draft, headers: seen.headers }, { onSuccess: () => setEdited({}), onError: seen.told })
          }
        >
          Save
        </Button>
        {save.isSuccess && !save.isPending && <span role="status">Saved</span>}
      </div>
    </div>
  );
}
