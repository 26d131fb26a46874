/* Why reviews do not enter the dataset, in words, the most frequent reason first. */
import { count } from "../design/format";

const WHY: Record<string, string> = {
  present: "in the dataset already",
  "near-duplicate": "near-duplicates of what is there",
  "unknown label": "with a label the dataset does not have",
  "other task": "of another kind than the dataset's",
  "test scene": "in a scene that is kept for testing, and no random check",
  gone: "whose image is not here any more",
  skipped: "skipped by a person",
};

export function leftOut(reasons: Record<string, number>): string {
  return Object.entries(reasons)
    .filter(([, images]) => images > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, images]) => `${count(images)} ${WHY[reason] ?? reason}`)
    .join(", ");
}
