/* The same image answered by another version, to be seen beside the answer that was given. */
import { useState } from "react";
import type { Detection, ModelVersion, Page as Items, Prediction, Titled } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Select } from "../design/controls";
import { Notice } from "../design/status";
import css from "./predictions.module.css";

export type OtherAnswer = { title: string; detections: Detection[] };

export function Replay({ prediction, onAnswer }: { prediction: Prediction; onAnswer: (answer: OtherAnswer | null) => void }) {
  const model = prediction.model_version?.title.replace(/ v\d+$/, "");
  const versions = useRead<Items<ModelVersion>>(model ? `/models/${model}/versions` : null);
  const others = (versions.data?.items ?? []).filter((version) => version.id !== prediction.model_version?.id);
  const [chosen, setChosen] = useState("");
  const replay = useSend<{ model_version: Titled; detections: Detection[] }>();
  if (others.length === 0) return null;

  const ask = (id: string) => {
    setChosen(id);
    if (!id) return onAnswer(null);
    replay.mutate(
      { method: "POST", path: `/predictions/${prediction.id}/replay`, body: { model_version: id } },
      {
        onSuccess: (answer) =>
          onAnswer({
            title: answer.model_version.title,
            detections: answer.detections.filter((found) => found.confidence >= prediction.threshold),
          }),
      },
    );
  };

  return (
    <span className={css.tools}>
      <Select
        aria-label="Answer with another version"
        value={chosen}
        onChange={(event) => ask(event.target.value)}
        options={[
          { value: "", title: "Compare with another version…" },
          ...others.map((version) => ({ value: version.id, title: version.title })),
        ]}
      />
      {chosen && (
        <Button small look="quiet" onClick={() => ask("")}>
          Stop comparing
        </Button>
      )}
      {replay.isPending && "Asking…"}
      {replay.error && <Notice tone="bad">{replay.error.message}</Notice>}
    </span>
  );
}
