/* Worked examples of what reviews say. */
import type { Example } from "./Worked";
import { overlap, precisionRecall, type Corners } from "./workedNumbers";
import { Boxes, Columns, Grid, Plane } from "./workedPictures";

const TRUE_BOXES: Corners[] = [
  [20, 20, 90, 80],
  [120, 20, 190, 80],
  [220, 30, 280, 80],
];
const SAID_BOXES: { box: Corners; truth: number | null }[] = [
  { box: [26, 24, 96, 84], truth: 0 },
  { box: [150, 20, 220, 80], truth: 1 },
];
const OVERLAPS = SAID_BOXES.map(({ box, truth }) => (truth === null ? 0 : overlap(box, TRUE_BOXES[truth])));
const RIGHT = OVERLAPS.filter((one) => one >= 0.5).length;
const RANKED = [
  { confidence: 0.95, right: true },
  { confidence: 0.9, right: true },
  { confidence: 0.7, right: false },
  { confidence: 0.6, right: true },
  { confidence: 0.4, right: false },
];
const CURVE = precisionRecall(RANKED, 4);
const two = (value: number) => value.toFixed(2);

const pair = (
  <Boxes
    truth={TRUE_BOXES}
    answers={SAID_BOXES.map(({ box }, i) => ({ box, right: OVERLAPS[i] >= 0.5, name: `overlap ${two(OVERLAPS[i])}` }))}
  />
);
const curve = <Plane points={CURVE.map(({ recall, precision }) => [recall, precision])} x="recall" y="precision" joined />;

export const OF_REVIEWS: Record<string, Example> = {
  detection_report: {
    picture: pair,
    words: `Dashed is true. One answer of two overlaps enough (0.5): precision ${two(RIGHT / SAID_BOXES.length)}; one object of three is found: recall ${two(RIGHT / TRUE_BOXES.length)}.`,
  },
  average_precision: {
    picture: curve,
    words: "Four objects, five answers from the surest on. The area below the curve is the average precision.",
  },
  precision_recall: {
    picture: curve,
    words: `With the threshold at ${CURVE[3].confidence}, ${RANKED.filter((one) => one.right).length} of 4 objects are found (recall ${two(CURVE[3].recall)}) and 3 of 4 answers are right (precision ${two(CURVE[3].precision)}).`,
  },
  classification_report: {
    picture: (
      <Grid
        counts={[
          [4, 1],
          [0, 5],
        ]}
      />
    ),
    words: "Rows are true, columns answered. 9 of 10 on the diagonal: accuracy 0.90. Of the first label 4 of 5 are found: recall 0.80.",
  },
  calibration: {
    picture: (
      <Plane
        points={[
          [0.5, 0.3],
          [0.7, 0.6],
          [0.9, 0.85],
        ]}
        x="confidence"
        y="right"
        diagonal
      />
    ),
    words: "Of answers given with 0.9, 0.85 were right: below the line is too sure.",
  },
  support: {
    picture: (
      <Columns
        columns={[
          { name: "bolt", now: 6 },
          { name: "nut", now: 3 },
          { name: "ring", now: 1 },
        ]}
      />
    ),
    words: "Ten images; the review's label counts where there is one, else the answer.",
  },
  estimates: {
    picture: (
      <Columns
        columns={[
          { name: "drawn by chance", now: 10 },
          { name: "each speaks for", now: 20 },
          { name: "of all", now: 200 },
        ]}
      />
    ),
    words: "10 of 200 images are drawn with a chance of 1 in 20, so each stands for 20. 9 right ones stand for 180: about 0.90.",
  },
};
