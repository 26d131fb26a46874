/* What the present threshold would do for a candidate, beside the one that suits it better, and which of the two it shall answer with. */
import type { AtThreshold, CarriedThreshold } from "../api/types";
import { count, score } from "../design/format";
import css from "./loop.module.css";

/** As it stands in a field, so that what is chosen is what is sent. */
export const shown = (threshold: number) => String(Number(threshold.toFixed(3)));

type Props = {
  found: CarriedThreshold;
  /** With which one it would answer where nobody chooses. */
  otherwise: number;
  chosen: number | null;
  choose: (threshold: number) => void;
};

/** Nothing where there is no better place: then there is nothing to choose. */
export function ThresholdThen({ found, otherwise, chosen, choose }: Props) {
  const { kept, best } = found;
  if (!best || best.threshold === kept.threshold) return null;
  const at = chosen ?? otherwise;
  const options = [
    { at: kept, title: `Keep the threshold at ${shown(kept.threshold)}`, note: found.worse ? ", clearly worse for it" : "" },
    { at: best, title: `Move it to ${shown(best.threshold)}`, note: "" },
  ];
  return (
    <fieldset className={css.radios}>
      <legend>From which confidence on it answers</legend>
      {options.map((option) => (
        <label key={option.at.threshold}>
          <input
            type="radio"
            name={`threshold of ${best.threshold}`}
            checked={at === option.at.threshold}
            onChange={() => choose(option.at.threshold)}
          />
          <span>{option.title}</span>
          <small>
            {says(found, option.at)}
            {option.note}
          </small>
        </label>
      ))}
    </fieldset>
  );
}

/** "precision 0.25, recall 0.95, 3,520 wrong answers on the test images" */
export function says(found: CarriedThreshold, at: AtThreshold): string {
  if (found.whole_image)
    return `${score(at.precision, 2)} of its answers right, ${count(found.images - at.answers)} of ${count(found.images)} test images unsure`;
  return `precision ${score(at.precision, 2)}, recall ${score(at.recall, 2)}, ${count(at.wrong)} wrong answers on ${count(found.images)} test images`;
}
