/* The life of an image, drawn: the line that leads from an answer back into the model. */
import css from "./Circle.module.css";

const STEPS = [
  ["Predict", "answers, and keeps the image"],
  ["Measure", "against the training data"],
  ["Review", "accept or correct"],
  ["Retrain", "on what you corrected"],
  ["Judge", "on images never trained on"],
  ["Swap", "without a failed request"],
];

export function Circle() {
  return (
    <ol className={css.line} aria-label="How an image becomes a better model">
      {STEPS.map(([name, what]) => (
        <li key={name}>
          <strong>{name}</strong>
          <span>{what}</span>
        </li>
      ))}
    </ol>
  );
}
