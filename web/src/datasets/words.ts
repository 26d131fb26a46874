/* What the pages of datasets say in more than one place. */
import type { DatasetVersion } from "../api/types";

export const SPLITS = ["train", "validation", "test"] as const;

export const ORIGINS: Record<DatasetVersion["origin"], string> = {
  import: "an import",
  feedback: "reviews",
  labels: "a change of labels",
  undo: "leaving reviews out",
};

export function sum(counts: Record<string, number> | undefined): number {
  return Object.values(counts ?? {}).reduce((all, one) => all + one, 0);
}
