/* A blind check: what was answered is fetched when the person has drawn what is there, and what they lack is laid beside it. */
import { useState } from "react";
import { send } from "../api/client";
import type { BlindAnswer } from "../api/types";
import { plural } from "../design/format";
import { lacking } from "./core/compare";
import type { SceneStore, Shape } from "./core/scene";
import { shapesOf, toAnnotations, type ToReview } from "./exchange";

export function useBlind(prediction: ToReview, store: SceneStore, focus: (shape: Shape) => void) {
  const [state, setState] = useState<"hidden" | "asking" | "compared" | "open">(prediction.blind ? "hidden" : "open");
  const [failed, setFailed] = useState<string | null>(null);
  const [says, setSays] = useState(prediction.blind ? "Blind check: draw what is there. The answer is shown when you are done." : "");
  const reveal = async () => {
    if (state === "asking") return;
    setState("asking");
    try {
      const body = { annotations: toAnnotations(store.get().shapes) };
      const { detections } = await send<BlindAnswer>("PUT", `/predictions/${prediction.id}/blind-look`, body);
      const answer = shapesOf(detections.filter((one) => one.answered));
      // With what was drawn while the answer was on its way.
      const drawn = store.get().shapes;
      const missing = lacking(answer, drawn);
      const yours = lacking(drawn, answer).length;
      setSays(sentence(missing.length, yours));
      setFailed(null);
      setState("compared");
      const first = store.addAll(missing);
      if (first) focus(first);
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
      setState("hidden");
    }
  };
  return {
    hidden: state === "hidden" || state === "asking",
    compared: state === "compared",
    says: failed ?? says,
    failed: failed !== null,
    reveal,
  };
}

function sentence(missing: number, yours: number): string {
  if (missing === 0 && yours === 0) return "The answer has the same.";
  const theirs = missing ? `The answer also has ${plural(missing, "shape")}, added here: delete what is not there.` : "";
  const only = yours ? ` It lacks ${plural(yours, "shape")} of yours.` : "";
  return (theirs + only).trim();
}
