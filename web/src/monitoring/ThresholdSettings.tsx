/* From which confidence on a deployment answers: what each choice would be worth, and what yesterday's images would have answered. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { Deployment, Thresholds } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Card, dim, Loaded } from "../design/page";
import { Notice } from "../design/status";
import { ThresholdInput } from "../design/ThresholdInput";
import { MovedImages } from "./MovedImages";
import css from "./threshold.module.css";
import { ThresholdChart } from "./ThresholdChart";
import { ThresholdLabels } from "./ThresholdLabels";
import { ThresholdNumbers } from "./ThresholdNumbers";
import { yesterday } from "./thresholds";

const ALL = "";

export function ThresholdSettings() {
  const { deployment } = useDeployment();
  const [label, setLabel] = useState(ALL);
  const [goal, setGoal] = useState<"f1" | "precision">(deployment.task === "classification" ? "precision" : "f1");
  const [wanted, setWanted] = useState("95");
  const precision = goal === "precision" && Number(wanted) > 0 && Number(wanted) < 100 ? Number(wanted) / 100 : null;
  const [day] = useState(() => yesterday(new Date()));
  const path = `/deployments/${deployment.name}/thresholds`;
  const asked = { label, precision };
  const ofYesterday = useRead<Thresholds>(path, { ...asked, ...day }, { keep: true });
  // Where nothing came in yesterday, the last day that had images says as much.
  const empty = ofYesterday.data?.replay.read === 0;
  const ofLast = useRead<Thresholds>(empty ? path : null, asked, { keep: true });
  const found = empty ? ofLast : ofYesterday;
  return (
    <Card title="Confidence threshold" id="threshold">
      <Loaded query={found} height={320}>
        {(data) => (
          <>
            <div className={css.asked}>
              <Field label="Label">
                <Select
                  value={label}
                  options={[
                    { value: ALL, title: "All together" },
                    ...data.labels.map(({ label: one }) => ({ value: one ?? "", title: one ?? "" })),
                  ]}
                  onChange={(event) => setLabel(event.target.value)}
                />
              </Field>
              <Field label="Advise">
                <Select
                  value={goal}
                  options={[
                    { value: "f1", title: "The best F1" },
                    { value: "precision", title: "A precision of at least" },
                  ]}
                  onChange={(event) => setGoal(event.target.value as "f1" | "precision")}
                />
              </Field>
              {goal === "precision" && (
                <Field label="Percent">
                  <Input type="number" min={1} max={99} value={wanted} onChange={(event) => setWanted(event.target.value)} />
                </Field>
              )}
            </div>
            <Chosen deployment={deployment} found={data} day={empty ? {} : day} yesterday={!empty} />
          </>
        )}
      </Loaded>
    </Card>
  );
}

type ChosenProps = { deployment: Deployment; found: Thresholds; day: Partial<Record<"from" | "to", string>>; yesterday: boolean };

function Chosen({ deployment, found, day, yesterday }: ChosenProps) {
  const [edited, setEdited] = useState<string | null>(null);
  const text = edited ?? String(deployment.threshold);
  const path = `/deployments/${deployment.name}`;
  const save = useSend<Deployment>("/deployments", "/overview");
  useRead<Deployment>(path, undefined, { every: 3000 });
  const seen = useSeen(path, edited !== null);
  const threshold = Number(text);
  const valid = text.trim() !== "" && threshold >= 0 && threshold <= 1;
  const about = found.labels.find((one) => one.label === found.label) ?? found.whole;
  return (
    <div className={css.chosen}>
      <div className={css.slider}>
        <ThresholdInput value={text} onChange={setEdited} />
      </div>
      <ThresholdChart
        found={found}
        advice={about.advice}
        at={valid ? threshold : deployment.threshold}
        choose={(at) => setEdited(String(at))}
      />
      {valid && <ThresholdNumbers found={found} at={threshold} task={deployment.task} yesterday={yesterday} />}
      {valid && <MovedImages deployment={deployment} at={threshold} day={day} yesterday={yesterday} />}
      <ThresholdLabels found={found} use={(at) => setEdited(String(at))} />
      <p className={dim}>
        {deployment.settings.threshold_by === "advised"
          ? `${deployment.threshold} came with ${deployment.champion?.title ?? "the version"}; unless you choose one, it moves again with the next.`
          : `${deployment.threshold} was chosen by a person. What becomes of it at a promotion is set above, under Continuous deployment.`}
      </p>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button
          look="primary"
          disabled={!valid || threshold === deployment.threshold || save.isPending}
          onClick={() =>
            save.mutate(
              { method: "PATCH", path, body: { threshold }, headers: seen.headers },
              { onSuccess: () => setEdited(null), onError: seen.told },
            )
          }
        >
          Save
        </Button>
        {save.isSuccess && edited === null && <span role="status">Saved</span>}
      </div>
    </div>
  );
}
