/* The detections of one image with their confidences; those below the threshold stay pale. */
import type { Detection } from "../api/types";
import { labelColour } from "../design/colours";
import { score } from "../design/format";
import { dim } from "../design/page";
import css from "./predictions.module.css";

export function FoundList({
  detections,
  threshold,
  labels,
  all,
}: {
  detections: Detection[];
  threshold: number;
  labels: string[];
  all: boolean;
}) {
  const whole = detections.length > 0 && detections.every((found) => !found.box && !found.polygon);
  const shown = detections.filter((found) => all || whole || (found.answered ?? found.confidence >= threshold));
  const silent = detections.length - shown.length;
  return (
    <>
      <ul className={css.found}>
        {shown.map((found, i) => (
          <li key={i} data-silent={!(found.answered ?? found.confidence >= threshold)}>
            <span className={css.swatch} style={{ background: labelColour(found.label, labels) }} />
            <span>{found.label}</span>
            <span className={css.meter} style={{ color: labelColour(found.label, labels) }}>
              <i style={{ width: `${found.confidence * 100}%` }} />
            </span>
            <b>{score(found.confidence, 2)}</b>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className={dim}>Nothing above the threshold.</p>}
      {silent > 0 && <p className={dim}>{silent} more below the threshold</p>}
    </>
  );
}
