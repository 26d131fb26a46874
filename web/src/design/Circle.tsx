/* The life of an image, drawn: the line that leads from an answer back into the model. */
import css from "./Circle.module.css";

export type Station = "predict" | "measure" | "review" | "retrain" | "judge" | "swap";
const STEPS = [
  ["Predict", "answers, keeps the image"],
  ["Measure", "against the training data"],
  ["Review", "accept or correct"],
  ["Retrain", "on what you corrected"],
  ["Judge", "on unseen images"],
  ["Swap", "without a failed request"],
];

/** `at`: the station where something is happening now. */
export function Circle({ at }: { at?: Station | null }) {
  const now = STEPS.findIndex(([name]) => name.toLowerCase() === at);
  return (
    <ol className={css.line} aria-label="How an image becomes a better model">
      {STEPS.map(([name, what], i) => (
        <li
          key={name}
          data-at={now < 0 ? undefined : i < now ? "done" : i === now ? "now" : "ahead"}
          aria-current={i === now ? "step" : undefined}
        >
          <strong>{name}</strong>
          <span>{what}</span>
        </li>
      ))}
    </ol>
  );
}
