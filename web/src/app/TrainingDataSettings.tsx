/* The dataset the model was trained on. Saving sets the reference for drift and outliers and switches the feedback loop on,
   two rooms' rows by one decision; that is why it stands here. */
import { useState } from "react";
import { Link } from "react-router";
import { asSentence } from "../api/sentence";
import { useSeen } from "../api/seen";
import type { Dataset, DatasetVersion, FeedbackLoop, ModelVersion, Page as Items, TrainingData } from "../api/types";
import { useRead, useReads, useSendAll } from "../api/use";
import { Button, Field, Select, Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { count } from "../design/format";
import { Card, dim, Loaded } from "../design/page";
import { Bar, Chip, Notice } from "../design/status";
import css from "./settings.module.css";

export function TrainingDataSettings() {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}`;
  const reference = useRead<TrainingData>(`${path}/training-data`, undefined, { every: 1500 });
  const loop = useRead<FeedbackLoop>(`${path}/feedback-loop`);
  const version = useRead<ModelVersion>(deployment.champion ? `/model-versions/${deployment.champion.id}` : null);
  const datasets = useRead<Items<Dataset>>("/datasets");
  const known = datasets.data?.items ?? [];
  const fitting = known.filter((dataset) => dataset.task === deployment.task);
  const outlines = deployment.task === "detection" ? known.filter((dataset) => dataset.task === "segmentation") : [];
  return (
    <Card title="Training data and feedback loop" id="training-data" aside={reference.data && <StateChip data={reference.data} />}>
      <Loaded query={datasets} height={160}>
        {() =>
          fitting.length === 0 ? (
            <Notice>
              There is no {deployment.task} dataset yet. <Link to="/datasets">Import the one this model was trained on</Link>, then choose
              it here.
              <Outlines datasets={outlines} />
            </Notice>
          ) : (
            loop.data &&
            reference.data &&
            (version.data || !deployment.champion) && (
              <>
                <Form datasets={fitting} reference={reference.data} loop={loop.data} trainedOn={version.data?.dataset_version ?? null} />
                {outlines.length > 0 && (
                  <p className={dim}>
                    <Outlines datasets={outlines} />
                  </p>
                )}
              </>
            )
          )
        }
      </Loaded>
    </Card>
  );
}

/* Outlines have boxes, so such a set can be read as the other; it is not in the list, and this says why. */
function Outlines({ datasets }: { datasets: Dataset[] }) {
  if (datasets.length === 0) return null;
  const many = datasets.length > 1;
  return (
    <>
      {" "}
      {datasets.map((dataset) => dataset.name).join(", ")} {many ? "have" : "has"} outlines, and boxes are wanted here: to use{" "}
      {many ? "one" : "it"}, import the set once more, under another name and read as detection.
    </>
  );
}

function StateChip({ data }: { data: TrainingData }) {
  if (data.state === "ready")
    return (
      <Chip tone="ok" dot>
        Ready
      </Chip>
    );
  if (data.state === "preparing")
    return (
      <Chip tone="now" dot busy>
        Preparing
      </Chip>
    );
  if (data.state === "failed")
    return (
      <Chip tone="bad" dot>
        Failed
      </Chip>
    );
  return <Chip dot>Off</Chip>;
}

type Props = { datasets: Dataset[]; reference: TrainingData; loop: FeedbackLoop; trainedOn: string | null };

function Form({ datasets, reference, loop, trainedOn }: Props) {
  const { deployment } = useDeployment();
  const path = `/deployments/${deployment.name}`;
  const versions = useVersions(datasets);
  const preselected = reference.dataset_version?.id ?? trainedOn ?? versions[0]?.id ?? "";
  const [typed, setChosen] = useState<string | null>(null);
  const chosen = typed ?? preselected;
  const [switched, setFeeding] = useState<boolean | null>(null);
  const feeding = switched ?? (loop.active || !reference.dataset_version);
  const save = useSendAll(path, "/overview", "/jobs");
  const dirty = typed !== null || switched !== null;
  const ofData = useSeen(`${path}/training-data`, dirty);
  const ofLoop = useSeen(`${path}/feedback-loop`, dirty);
  const version = versions.find((one) => one.id === chosen);

  const submit = () => {
    if (!version) return;
    const loopAfter = { dataset: version.dataset_name, active: feeding, test_share: loop.test_share };
    save.mutate(
      [
        { method: "PUT", path: `${path}/training-data`, body: { dataset_version: version.id }, headers: ofData.headers },
        { method: "PUT", path: `${path}/feedback-loop`, body: loopAfter, headers: ofLoop.headers },
      ],
      { onSuccess: () => (setChosen(null), setFeeding(null)), onError: (error) => (ofData.told(error), ofLoop.told(error)) },
    );
  };

  return (
    <div className={css.form}>
      <Field
        label="Dataset used to train this model"
        hint={
          trainedOn && chosen === trainedOn
            ? "Known from where the model came from."
            : "Drift and outliers are distances from these images."
        }
      >
        <Select
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
          options={versions.map((one) => ({
            value: one.id,
            title: `${one.title} · ${count(Object.values(one.images).reduce((sum, n) => sum + n, 0))} images${one.id === trainedOn ? " · trained on this" : ""}`,
          }))}
        />
      </Field>
      <Switch checked={feeding} onChange={setFeeding}>
        Feedback loop: reviewed images become the dataset's next version
      </Switch>
      <Progress data={reference} />
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button look="primary" disabled={!version || save.isPending || reference.state === "preparing"} onClick={submit}>
          {save.isPending ? "Saving…" : "Save"}
        </Button>
        {save.isSuccess && reference.state !== "preparing" && <span role="status">Saved{feeding && ". The feedback loop is on"}</span>}
      </div>
    </div>
  );
}

function Progress({ data }: { data: TrainingData }) {
  if (data.state === "failed")
    return <Notice tone="bad">{asSentence(data.message ?? "The training data could not be prepared.")} Press Save to try again.</Notice>;
  if (data.state !== "preparing") return null;
  return (
    <div className={css.progress}>
      <span>
        Preparing
        {data.total ? ` ${count(data.done)} of ${count(data.total)}` : ""}
        {data.message ? `, ${data.message}` : ""}. Predict now; earlier images are scored when it is ready.
      </span>
      <Bar value={data.done} total={data.total ?? 0} label="Preparing the training data" />
    </div>
  );
}

function useVersions(datasets: Dataset[]): DatasetVersion[] {
  const found = useReads<Items<DatasetVersion>>(datasets.map((dataset) => `/datasets/${dataset.name}/versions`));
  return found.flatMap((page) => page.items);
}
