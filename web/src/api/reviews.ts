/* What people say of predictions, and which they are asked about next. */
import type { Prediction } from "./predictions";
import type { Actor, Annotation } from "./things";

export type ReviewState = "pending" | "accepted" | "corrected" | "unusable" | "skipped";
export type Verdict = {
  prediction: string;
  /** "pending" after it was reopened. */
  status: ReviewState;
  annotations: Annotation[];
  reason: string | null;
  revision: number;
  by: Actor | string | null;
  /** null: it was never reviewed. */
  at: string | null;
};
/** How a deployment's review queue is mixed; `samplers`: titles by name. */
export type ReviewQueue = { random_share: number; sampler: string; samplers: Record<string, string> };
/** `state` null: nobody ever asked. */
export type Question = {
  prediction: string;
  state: "open" | "answered" | null;
  text: string;
  by: Actor | string | null;
  at: string | null;
  answer: string;
  answered_by: Actor | string | null;
  answered_at: string | null;
};
/** `lane`: "random checks" or "hard cases". */
export type Queued = Prediction & { lane: string };
