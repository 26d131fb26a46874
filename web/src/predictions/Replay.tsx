/* The same image answered by another version, to be seen beside the answer that was given. */
import { useEffect, useRef, useState } from "react";
import { send } from "../api/client";
import type { Detection, ModelVersion, Page as Items, Prediction, Titled } from "../api/types";
import { useRead } from "../api/use";
import { Button, Select } from "../design/controls";
import { Notice } from "../design/status";
import css from "./predictions.module.css";

export type OtherAnswer = { title: string; detections: Detection[] };
type Replayed = { model_version: Titled; detections: Detection[] };

export function Replay({ prediction, onAnswer }: { prediction: Prediction; onAnswer: (answer: OtherAnswer | null) => void }) {
  const model = prediction.model_version?.title.replace(/ v\d+$/, "");
  const versions = useRead<Items<ModelVersion>>(model ? `/models/${model}/versions` : null);
  const others = (versions.data?.items ?? []).filter((version) => version.id !== prediction.model_version?.id);
  const [chosen, setChosen] = useState("");
  const [state, setState] = useState<{ busy?: boolean; error?: string }>({});
  const asked = useRef<AbortController | null>(null);
  useEffect(() => () => asked.current?.abort(), []);
  if (others.length === 0) return null;

  const ask = async (id: string) => {
    // Whatever was asked before is not wanted any more, also when its answer is on the way.
    asked.current?.abort();
    const asking = new AbortController();
    asked.current = asking;
    setChosen(id);
    onAnswer(null);
    if (!id) return setState({});
    setState({ busy: true });
    try {
      const answer = await send<Replayed>("POST", `/predictions/${prediction.id}/replay`, { model_version: id }, {}, asking.signal);
      if (asking.signal.aborted) return;
      setState({});
      onAnswer({
        title: answer.model_version.title,
        detections: answer.detections.filter((found) => found.confidence >= prediction.threshold),
      });
    } catch (error) {
      if (!asking.signal.aborted) setState({ error: error instanceof Error ? error.message : String(error) });
    }
  };

  return (
    <span className={css.tools}>
      <Select
        aria-label="Answer with another version"
        value={chosen}
        onChange={(event) => void ask(event.target.value)}
        options={[
          { value: "", title: "Compare with another version…" },
          ...others.map((version) => ({ value: version.id, title: version.title })),
        ]}
      />
      {chosen && (
        <Button small look="quiet" onClick={() => void ask("")}>
          Stop comparing
        </Button>
      )}
      {state.busy && "Asking…"}
      {state.error && <Notice tone="bad">{state.error}</Notice>}
    </span>
  );
}
