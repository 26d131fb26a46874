/* The two answers to one image of a replay, from what was answered and what would differ. Pure. */
import type { Detection, Differing, Replayed } from "../api/types";

export type Kind = "all" | "gone" | "new" | "relabelled";
export type Marked = Detection & { differs?: boolean };

const key = ({ label, confidence, box }: Detection) =>
  `${label} ${confidence.toFixed(6)} ${(box ?? []).map((at) => at.toFixed(2)).join(" ")}`;

/** Before: as it was answered. After: the same without what is gone or renamed, and with what is new. */
export function answers(item: Differing, logged: { detections: readonly Detection[] }): { before: Marked[]; after: Marked[] } {
  const taken = new Set([...item.gone, ...item.relabelled.map((one) => one.before)].map(key));
  const answered = logged.detections.filter((one) => one.answered);
  const stays = answered.filter((one) => !taken.has(key(one)));
  const whole = answered.some((one) => !one.box && !one.polygon);
  const come = [...item.new, ...item.relabelled.map((one) => one.after)].map((one) => ({ ...one, differs: true }));
  return {
    before: answered.map((one) => ({ ...one, differs: taken.has(key(one)) })),
    // Of a classification only the first label is the answer.
    after: whole ? (come.length > 0 ? come : stays) : [...stays, ...come],
  };
}

export const chosen = (items: readonly Differing[], kind: Kind) => (kind === "all" ? items : items.filter((item) => item[kind].length > 0));

/** "3 gone, 1 new, 2 called something else" */
export function differs({ gone, new: come, relabelled }: Differing): string {
  const parts = [
    gone.length > 0 && `${gone.length} gone`,
    come.length > 0 && `${come.length} new`,
    relabelled.length > 0 && relabelled.map(({ before, after }) => `${before.label} → ${after.label}`).join(", "),
  ];
  return parts.filter(Boolean).join(", ");
}

/** The labels whose number of answers changes most, first. */
export function moved(labels: Replayed["labels"]): { label: string; before: number; after: number }[] {
  return Object.entries(labels)
    .map(([label, { before, after }]) => ({ label, before, after }))
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || a.label.localeCompare(b.label));
}
