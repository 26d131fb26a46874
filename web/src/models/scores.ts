/* What a version's scores are called and which one is named first. */
import type { ModelVersion, Scores } from "../api/types";
import { score } from "../design/format";

export const SCORE_TITLES: Record<string, string> = {
  map50: "mAP50",
  map50_95: "mAP50–95",
  map75: "mAP75",
  accuracy: "Accuracy",
  ar100: "AR100",
  macro_f1: "Macro F1",
  balanced_accuracy: "Balanced accuracy",
  f1: "F1",
  precision: "Precision",
  recall: "Recall",
};

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

/** The scores that apply, by name and split, for a table. */
export function scoreTable(version: Pick<ModelVersion, "scores">): {
  splits: string[];
  rows: { name: string; title: string; values: (number | null)[] }[];
} {
  const splits = ["validation", "test", ...Object.keys(version.scores ?? {})].filter(
    (split, i, all) => all.indexOf(split) === i && version.scores?.[split] && typeof version.scores[split] === "object",
  );
  const names = [...new Set(splits.flatMap((split) => Object.keys(version.scores[split])))];
  const rows = names
    .map((name) => ({ name, title: SCORE_TITLES[name] ?? name, values: splits.map((split) => numeric(version.scores[split][name])) }))
    .filter((row) => row.values.some((value) => value !== null));
  return { splits, rows };
}

function numeric(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
