/* One image, one label: a press on a label (or its number) decides and goes on. */
import { useState } from "react";
import { imageUrl } from "../api/client";
import type { Annotation, ReviewState } from "../api/types";
import { labelColour } from "../design/colours";
import { percent } from "../design/format";
import { Decide } from "./Decide";
import { FindLabel } from "./FindLabel";
import { meaning, shownKey, type Bindings } from "./core/keys";
import { answered, type ToReview } from "./exchange";
import css from "./review.module.css";
import { useKeys } from "./useKeys";

type Props = {
  prediction: ToReview;
  labels: string[];
  decide: (status: ReviewState, annotations: Annotation[]) => void;
  back: () => void;
  help: () => void;
  bindings: Bindings;
};

export function LabelReview({ prediction, labels, decide, back, help, bindings }: Props) {
  const best = answered(prediction)[0] ?? null;
  const sure = new Map(prediction.detections.map((found) => [found.label, found.confidence]));

  const [wanted, setWanted] = useState("");
  const shown = labels.filter((label) => label.toLowerCase().includes(wanted.toLowerCase()));

  const choose = (label: string) => (label === best?.label ? decide("accepted", []) : decide("corrected", [{ label }]));
  const act = {
    accept: () => best && choose(best.label),
    nothing: () => undefined,
    unusable: () => decide("unusable", []),
    skip: () => decide("skipped", []),
    undo: back,
  };
  useKeys((pressed) => {
    const means = meaning(pressed, bindings);
    if (means === null) return false;
    if (typeof means === "object") {
      if (labels[means.label]) choose(labels[means.label]);
    } else if (means in act) act[means as keyof typeof act]();
    else if (means === "help") help();
    else if (means === "find") document.querySelector<HTMLInputElement>("[data-find-label]")?.focus();
    else return false;
    return true;
  });

  return (
    <div className={css.bench}>
      <div className={css.stage}>
        <img className={css.photo} src={imageUrl(prediction.asset)} alt="Under review" />
      </div>
      <aside className={`${css.panel} ${css.short}`} aria-label="Decision">
        <div className={css.labels}>
          <h2>
            {best ? (
              <>
                Answered <strong>{best.label}</strong>. What is it?
              </>
            ) : (
              "The model was unsure. What is it?"
            )}
          </h2>
          {labels.length > 9 && <FindLabel wanted={wanted} want={setWanted} labels={shown} pick={choose} />}
          <div className={css.labelList}>
            {shown.map((label) => (
              <button key={label} type="button" aria-pressed={label === best?.label} onClick={() => choose(label)}>
                <i style={{ background: labelColour(label, labels) }} />
                <span>{label}</span>
                <small>{sure.has(label) && percent(sure.get(label))}</small>
                {labels.indexOf(label) < 10 && <kbd>{(labels.indexOf(label) + 1) % 10}</kbd>}
              </button>
            ))}
          </div>
        </div>
        <Decide
          changed={false}
          empty={false}
          act={act}
          canUndo={false}
          box={false}
          main={best !== null}
          keyOf={(action) => shownKey(action, bindings)}
        />
      </aside>
    </div>
  );
}
