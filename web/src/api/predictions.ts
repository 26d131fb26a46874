/* The log of predictions, and what stands beside one. */
import type { ReviewState } from "./reviews";
import type { Actor, Detection, Page, Titled } from "./things";

export type Prediction = {
  id: string;
  deployment: string;
  client_id: string | null;
  asset: string;
  width: number;
  height: number;
  model_version: Titled | null;
  role: string;
  source: string | null;
  tags: string[];
  metadata: Record<string, unknown>;
  taken_at: string;
  logged_at: string;
  latency_ms: number | null;
  threshold: number;
  outlier: number | null;
  review: ReviewState;
  /** "erased": only that it was made is still known. */
  keep_reason: string;
  detections: Detection[];
};
/** A page of a search; `partial`: the time was over before it was full, `searched` says how far it looked. */
export type FoundPage = Page<Prediction> & { partial?: boolean; searched?: { rows: number; until: string | number | null } | null };
export type Answer = {
  id?: string;
  model_version: Titled;
  latency_ms: number;
  threshold: number;
  image: { asset: string; width: number; height: number };
  detections: Detection[];
};
export type LineageStep = {
  kind: string;
  title: string;
  id: string | null;
  at: string | null;
  by: Actor | string | null;
  detail: string | null;
};

/** When windows of production close, how many false alarms are bearable, and after how many predictions there may be a notice. */
export type DriftWatch = {
  by: "time" | "count";
  hours: number;
  images: number;
  budget: "year" | "quarter" | "month";
  notice: number;
};

/** Where usual production stands. */
export type Drift = {
  state: "off" | "learning" | "watching" | "alarm";
  sentence: string;
  since: string | null;
  windows_known: number;
  windows_missing: number;
  budget: string;
  settings: DriftWatch;
};

/** Nearest first; `by` null: nothing is known of the image that could be compared. */
export type SimilarImages = {
  items: { prediction: Prediction; distance: number }[];
  by: "features" | "appearance" | null;
  among: number;
};

export type Gap = {
  source: string | null;
  writer: string;
  count: number;
  first_seq: number;
  last_seq: number;
  since: string | null;
  until: string | null;
  why: string;
  reason: string;
  sentence: string;
};
/** `counts`: predictions by why they are not there. `complete` false: there are more than are listed. */
export type Gaps = { counts: Record<string, number>; items: Gap[]; complete: boolean };
/** A program outside, and how far its sources are numbered. */
export type Writer = {
  name: string;
  heard_at: string;
  state: string | null;
  message: string;
  sources: { source: string | null; last_seq: number; waiting: number }[];
};
