/* Precision against recall for every label, and how far confidences can be believed. */
import type { PrecisionRecall } from "../api/types";
import { useRead } from "../api/use";
import { Curves, type CurvesLine } from "../design/charts/Curves";
import { labelColour } from "../design/colours";
import { lines as rowsOf } from "../design/csv";
import { count, percent, plural, score } from "../design/format";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { list, num } from "./read";
import { reviewed } from "./ReviewTiles";
import { counted, Frame, Tile } from "./Tile";

const MOST = 6;

export function CurvesTile({ wide = 4 }: { wide?: number }) {
  const { name, params, labels, catalog, dashboard, threshold } = useBoard();
  const measure = dashboard.metrics.average_precision;
  const ready = measure?.available;
  const { bucket: _, ...wanted } = params;
  const found = useRead<PrecisionRecall>(ready ? `/deployments/${name}/precision-recall` : null, wanted, { every: 10_000, keep: true });
  const curves = (found.data?.items ?? []).filter((curve) => curve.points.length > 0);
  const lines: CurvesLine[] = curves.slice(0, MOST).map((curve) => ({
    name: curve.label,
    colour: labelColour(curve.label, labels),
    points: curve.points.map(({ recall, precision, confidence }) => ({
      x: recall,
      y: precision,
      note: confidence === null ? undefined : `at ${score(confidence, 2)}`,
    })),
  }));
  return (
    <Frame
      name="precision_recall"
      title="PR curves"
      wide={wide}
      info={
        catalog.average_precision && { ...catalog.average_precision, name: "precision_recall", title: "Precision and recall", ...WORDS }
      }
      headline={<small>{plural(measure?.count ?? 0, "reviewed image")}</small>}
      missing={ready ? null : { sentence: measure?.needs ?? null, kind: "reviews" }}
      file={() => table(curves)}
    >
      {() => (
        <>
          <Curves label="Precision over recall" lines={lines} xTitle="recall" yTitle="precision" height={220} />
          <p className={css.foot}>
            {curves.length > MOST && `The first ${MOST} of ${curves.length} labels. `}
            Precision over recall at IoU 0.5; each point is a threshold, in force is {score(threshold, 2)}
          </p>
        </>
      )}
    </Frame>
  );
}

function table(curves: PrecisionRecall["items"]): string {
  const rows = curves.flatMap(({ label, points }) =>
    points.map(({ recall, precision, confidence }) => [label, recall, precision, confidence ?? ""]),
  );
  return rowsOf([["label", "recall", "precision", "confidence"], ...rows]);
}

const WORDS = {
  definition:
    "What each label's precision would be at every recall the threshold can be set to, over all reviewed images of the window together. " +
    "The area below a curve is its average precision.",
  formula: "precision at a recall = the best precision at that recall or a higher one, as COCO interpolates it; IoU ≥ 0.5",
};

type Bin = { confidence: number; right: number; answers: number };

export function CalibrationTile({ wide = 4 }: { wide?: number }) {
  return (
    <Tile metric="calibration" title="Calibration" wide={wide} headline={reviewed} file={counted}>
      {(m) => {
        const bins = list<Record<string, unknown>>(m.value, "bins").flatMap((bin): Bin[] => {
          const [confidence, right, answers] = [num(bin, "confidence"), num(bin, "right"), num(bin, "answers")];
          return confidence === null || right === null || !answers ? [] : [{ confidence, right, answers }];
        });
        const lean = num(m.value, "lean");
        const most = Math.max(...bins.map((bin) => bin.answers), 1);
        const points = bins.map((bin) => ({
          x: bin.confidence,
          y: bin.right,
          note: `of ${count(bin.answers)}`,
          size: Math.sqrt(bin.answers / most),
        }));
        return (
          <>
            <Curves
              label="Share that is right, by confidence"
              lines={[{ name: "share right", colour: "var(--now)", points }]}
              xTitle="confidence"
              yTitle="share right"
              height={200}
              diagonal
              dots
            />
            <p className={css.foot}>
              {m.value?.enough === false && `Only ${plural(num(m.value, "answers") ?? 0, "answer")} so far. `}
              {lean !== null && leaning(lean)}
            </p>
          </>
        );
      }}
    </Tile>
  );
}

function leaning(lean: number): string {
  if (Math.abs(lean) < 0.005) return "As often right as the confidences say";
  return lean > 0 ? `Too sure by ${percent(lean, 1)} on average` : `Right ${percent(-lean, 1)} more often than it says`;
}
