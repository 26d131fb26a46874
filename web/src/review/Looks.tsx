/* Where two people differ: what each said, without who it was, to begin from one of them. */
import { useState } from "react";
import { Segmented } from "../design/controls";
import { plural } from "../design/format";
import type { SceneStore } from "./core/scene";
import { shapesOf, type ToReview } from "./exchange";
import css from "./review.module.css";

type Look = NonNullable<ToReview["looks"]>[number];

export function Looks({ prediction, store }: { prediction: ToReview; store: SceneStore }) {
  const [from, setFrom] = useState("0");
  const looks = prediction.looks ?? [];
  if (looks.length === 0) return null;
  const begin = (place: string) => {
    setFrom(place);
    store.load(shapesOf(looks[Number(place)].annotations));
  };
  return (
    <div className={css.looks}>
      <p>Two people see this differently. Begin from one of them; what you save is what counts.</p>
      <Segmented
        label="Begin from"
        value={from}
        onChange={begin}
        options={looks.map((look, i) => ({ value: String(i), title: saidBy(look) }))}
      />
    </div>
  );
}

export function saidBy({ status, annotations }: Look): string {
  if (status === "unusable") return "Unusable";
  if (annotations.length === 0) return "Nothing here";
  return annotations[0].box || annotations[0].polygon || annotations[0].rle ? plural(annotations.length, "shape") : annotations[0].label;
}
