/* Chooses a version whose answer is to be seen beside the one that was given. */
import type { ModelVersion, Page as Items, Prediction } from "../api/types";
import { useRead } from "../api/use";
import { Button, Select } from "../design/controls";
import { Notice } from "../design/status";
import css from "./predictions.module.css";
import type { useBeside } from "./useBeside";

export function Replay({ prediction, beside }: { prediction: Prediction; beside: ReturnType<typeof useBeside> }) {
  const model = prediction.model_version?.title.replace(/ v\d+$/, "");
  const versions = useRead<Items<ModelVersion>>(model ? `/models/${model}/versions` : null);
  const others = (versions.data?.items ?? []).filter((version) => version.id !== prediction.model_version?.id);
  if (others.length === 0) return null;
  return (
    <span className={css.tools}>
      <Select
        aria-label="Answer with another version"
        value={beside.version ?? ""}
        onChange={(event) => beside.choose(event.target.value)}
        options={[
          { value: "", title: "Compare with another version…" },
          ...others.map((version) => ({ value: version.id, title: version.title })),
        ]}
      />
      {beside.version && (
        <Button small look="quiet" onClick={() => beside.choose(null)}>
          Stop comparing
        </Button>
      )}
      {beside.asking && "Asking…"}
      {beside.error && <Notice tone="bad">{beside.error}</Notice>}
    </span>
  );
}
