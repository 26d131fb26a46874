/* Which detections of a prediction were answered, and how an annotation is drawn. */
import type { Annotation, Detection, Prediction } from "../api/types";
import type { Drawn } from "../design/Picture";

/** At or above the threshold when it answered; a classification answers with its best label. */
export function answered(prediction: Pick<Prediction, "detections" | "threshold">): Detection[] {
  const said = prediction.detections.filter((found) => found.answered ?? found.confidence >= prediction.threshold);
  const whole = said.filter((found) => !found.box && !found.polygon);
  return whole.length > 1 ? [...said.filter((found) => found.box || found.polygon), whole[0]] : said;
}

export function drawn(annotations: readonly Annotation[]): Drawn[] {
  return annotations.map(({ label, box, polygon }) => ({ label, box, polygon }));
}
