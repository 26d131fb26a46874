/* What a version's scores are called and which one is named first. */
import type { ModelVersion, Scores } from "../api/types";
import { score } from "../design/format";
import { SCORE_TITLES } from "../design/scoreTitles";

const FIRST = ["map50", "accuracy", "f1"];

/** "mAP50 0.712 on test", or a dash; test images count before validation images. */
export function mainScore(version: Pick<ModelVersion, "scores">): string {
  for (const split of ["test", "validation"]) {
    const scores: Scores = version.scores?.[split] ?? {};
    const name = FIRST.find((key) => typeof scores[key] === "number");
    if (name) return `${SCORE_TITLES[name]} ${score(scores[name])}${split === "validation" ? " on validation" : ""}`;
  }
  return "–";
}

type Column = { name: string; title: string; counted: boolean };
const COUNTED = new Set(["positives", "predicted", "detections"]);
const FIRST_OF_LABEL = ["ap50", "map50", "f1", "ap50_95", "map50_95", "precision", "recall"];
const LABEL_TITLES: Record<string, string> = {
  ap50: "AP50",
  ap50_95: "AP50–95",
  ap75: "AP75",
  positives: "Annotated",
  predicted: "Answered",
  detections: "Answered",
};

/** The numbers of each label as a table: the main score first, counts last; labels without a true one come last. */
export function labelTable(labels: Record<string, Record<string, unknown>>): {
  columns: Column[];
  rows: { label: string; values: (number | null)[] }[];
} {
  const names = [...new Set(Object.values(labels).flatMap((numbers) => Object.keys(numbers)))].filter((name) =>
    Object.values(labels).some((numbers) => typeof numbers[name] === "number"),
  );
  const rank = (name: string) => (COUNTED.has(name) ? 99 : FIRST_OF_LABEL.indexOf(name) < 0 ? 50 : FIRST_OF_LABEL.indexOf(name));
  const columns = names
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => ({ name, title: LABEL_TITLES[name] ?? SCORE_TITLES[name] ?? name, counted: COUNTED.has(name) }));
  const rows = Object.entries(labels)
    .map(([label, numbers]) => ({ label, values: columns.map(({ name }) => numeric(numbers[name])) }))
    .sort((a, b) => (b.values[0] ?? -1) - (a.values[0] ?? -1));
  return { columns, rows };
}

function numeric(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
