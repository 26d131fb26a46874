/* What the chosen threshold is worth, beside what the present one is. */
import type { Thresholds } from "../api/types";
import { count, percent } from "../design/format";
import css from "./threshold.module.css";
import { placeOf, rateAt, rateText, replaySentence } from "./thresholds";

type Props = { found: Thresholds; at: number; task: string; yesterday: boolean };

export function ThresholdNumbers({ found, at, task, yesterday }: Props) {
  const here = placeOf(found.thresholds, at);
  const now = placeOf(found.thresholds, found.threshold);
  const { replay } = found;
  const about = found.labels.find((one) => one.label === found.label) ?? found.whole;
  const when = yesterday ? "Yesterday’s" : "The last day’s";
  const others = replay.others > 0 ? ` ${count(replay.others)} of them an earlier version answered.` : "";
  return (
    <div className={css.numbers} aria-live="polite">
      <dl>
        {(["precision", "recall", "f1"] as const).map((name) => (
          <div key={name}>
            <dt>{{ precision: task === "classification" ? "Right answers" : "Precision", recall: "Recall", f1: "F1" }[name]}</dt>
            <dd>{rateText(rateAt(found[name], here))}</dd>
            <dd>{here !== now && `now ${percent(found[name].value[now])}`}</dd>
          </div>
        ))}
      </dl>
      {about.needs && <p>Advice needs {about.needs}.</p>}
      <p>
        {replay.read === 0
          ? "No images to replay yet."
          : `${when} ${count(replay.images)}${replay.more ? "+" : ""} images${replay.read < replay.images ? `, ${count(replay.read)} of them taken at random` : ""}: ${replaySentence(found, at, task === "classification")}.${others}`}
      </p>
    </div>
  );
}
