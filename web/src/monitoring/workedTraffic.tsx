/* Worked examples of what images and answers say by themselves, and beside the training data. */
import type { Example } from "./Worked";
import { largestGap, quantile, variation } from "./workedNumbers";
import { Boxes, Cloud, Columns, Dots, Gap, Grid } from "./workedPictures";

const TIMES = [8, 9, 9, 10, 10, 11, 12, 13, 15, 40];
const USUAL = [2, 3, 4, 4, 5, 5, 6, 7];
const NOW = [4, 5, 6, 6, 7, 8, 8, 9];
const GAP = largestGap(USUAL, NOW);
const MIX = { now: [6, 3, 1], usual: [4, 4, 2] };
const two = (value: number) => value.toFixed(2);

export const OF_TRAFFIC: Record<string, Example> = {
  volume: {
    picture: (
      <Columns
        columns={[
          { name: "9:00", now: 3 },
          { name: "10:00", now: 5 },
          { name: "11:00", now: 2 },
        ]}
      />
    ),
    words: "Three, five and two images an hour: ten images.",
  },
  latency: {
    picture: (
      <Dots
        values={TIMES}
        marks={[
          [quantile(TIMES, 0.5), "median"],
          [quantile(TIMES, 0.95), "p95"],
        ]}
        unit=" ms"
      />
    ),
    words: `Of ten images half are answered within ${quantile(TIMES, 0.5)} ms. One slow one in twenty is enough for a p95 of ${quantile(TIMES, 0.95)} ms.`,
  },
  label_distribution: {
    picture: <Columns columns={["bolt", "nut", "ring"].map((name, i) => ({ name, now: MIX.now[i], usual: MIX.usual[i] }))} />,
    words: `Now 6, 3, 1 of ten; in the training data (thin) 4, 4, 2: half of the differences is ${two(variation(MIX.now, MIX.usual))}.`,
  },
  heatmap: {
    picture: (
      <Grid
        counts={[
          [0, 1, 0, 0],
          [0, 4, 2, 0],
          [0, 1, 0, 0],
        ]}
      />
    ),
    words: "Eight boxes; most of their centres lie left of the middle.",
  },
  confidence: {
    picture: (
      <Columns
        columns={[
          { name: "0.5–0.6", now: 1 },
          { name: "0.7–0.8", now: 2 },
          { name: "0.9–1", now: 5 },
        ]}
      />
    ),
    words: "Eight answers, five of them surer than 0.9.",
  },
  detections_per_image: {
    picture: (
      <Columns
        columns={[
          { name: "none", now: 1, colour: "var(--usual)" },
          { name: "one", now: 3 },
          { name: "two", now: 1 },
        ]}
      />
    ),
    words: "Five images with 0, 1, 1, 1 and 2 answers: 1.0 on average, 20 % have none.",
  },
  box_size: {
    picture: (
      <Boxes
        truth={[]}
        answers={[
          { box: [20, 50, 44, 74], right: true, name: "small" },
          { box: [90, 30, 150, 84], right: true, name: "medium" },
          { box: [180, 10, 290, 88], right: true, name: "large" },
        ]}
      />
    ),
    words: "24 × 24 = 576 px² is small (up to 32²), 60 × 54 medium (up to 96²); larger is large.",
  },
  image_size: {
    picture: (
      <Boxes
        truth={[
          [20, 20, 110, 80],
          [140, 12, 200, 84],
          [230, 20, 290, 80],
        ]}
        answers={[]}
      />
    ),
    words: "90 × 60 is wide (1.5), 60 × 72 tall (0.83), 60 × 60 square.",
  },
  image_statistics: {
    picture: (
      <Columns
        columns={[
          { name: "dark", now: 2 },
          { name: "middle", now: 6 },
          { name: "bright", now: 1 },
        ]}
      />
    ),
    words: "Nine images by their mean grey, from 0 black to 1 white.",
  },
  errors: {
    picture: (
      <Columns
        columns={[
          { name: "answered", now: 18 },
          { name: "failed", now: 2, colour: "var(--bad)" },
        ]}
      />
    ),
    words: "2 of 20 failed: 10 %, and with so few anything from 2 to 28 % would fit.",
  },
  throughput: {
    picture: (
      <Columns
        columns={[
          { name: "8:00", now: 6 },
          { name: "12:00", now: 30 },
          { name: "18:00", now: 12 },
        ]}
      />
    ),
    words: "30 images in the hour from 12:00 are one every two minutes.",
  },
  drift: {
    picture: <Gap usual={USUAL} now={NOW} />,
    words: `At ${GAP.at} the two curves are furthest apart: ${two(GAP.d)} of the images lie on another side.`,
  },
  outlier: {
    picture: (
      <Cloud
        usual={[
          [60, 40],
          [74, 52],
          [52, 58],
          [80, 34],
          [66, 66],
          [92, 56],
          [70, 44],
        ]}
        asked={[230, 30]}
      />
    ),
    words: "The amber image is further from its nearest training image than any of 100 usual ones was: its score is above 0.99.",
  },
};
