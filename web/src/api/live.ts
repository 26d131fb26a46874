/* What lives inside a deployment: measurements, alerts and the loop. */
import type { Actor, Task, Titled } from "./things";

export type RoleVersion = { id: string; title: string; model_name: string; number: number; artifact: string };
export type Serving = {
  state: "loading" | "warming" | "live" | "failed" | "external";
  message: string | null;
  model_version: string | null;
};
export type Deployment = {
  id: string;
  name: string;
  task: Task;
  labels: string[];
  target: "server" | "external";
  threshold: number;
  revision: number;
  champion: RoleVersion | null;
  shadow: RoleVersion | null;
  canary: RoleVersion | null;
  serving: Serving;
  settings?: Record<string, unknown>;
  created_at: string;
  created_by: Actor | string | null;
};
export type RolePeriod = {
  role: string;
  model_version: Titled | null;
  since: string;
  until: string | null;
  reason: string;
  by: Actor | string | null;
};

export type Arc = { active: boolean; state: "off" | "preparing" | "on" | "failed"; detail: string | null };
export type Pipeline = { training_data: Arc; feedback_loop: Arc; continuous_training: Arc; continuous_deployment: Arc };
export type DeploymentRow = {
  deployment: Deployment;
  predictions: number;
  last_prediction_at: string | null;
  p50_ms: number | null;
  reviewed: number;
  pending: number;
  open_alerts: number;
  volume: number[];
  drift: number | null;
  pipeline: Pipeline;
};
export type Overview = { deployments: DeploymentRow[] };
export type DeploymentOverview = {
  deployment: Deployment;
  predictions: number;
  last_prediction_at: string | null;
  reviewed: number;
  pending: number;
  unusable: number;
  open_alerts: number;
  pipeline: Pipeline;
  next: string[];
};

export type MetricInfo = {
  name: string;
  title: string;
  definition: string;
  formula: string | null;
  needs: string;
  tasks: Task[];
  unit: string | null;
};
export type Measurement = {
  metric: string;
  available: boolean;
  needs: string | null;
  from: string | null;
  to: string | null;
  count: number;
  value: Record<string, unknown> | null;
  series: Record<string, unknown>[];
};
export type Dashboard = {
  from: string;
  to: string;
  bucket_s: number;
  metrics: Record<string, Measurement>;
  sources: string[];
  model_versions: string[];
  labels: string[];
};
export type TrainingData = {
  dataset_version: Titled | null;
  state: "off" | "preparing" | "ready" | "failed";
  done: number;
  total: number | null;
  job: string | null;
  message: string | null;
};

export type FeedbackLoop = { dataset: string | null; active: boolean; test_share: number };
export type ContinuousTraining = { active: boolean; after: number; trainer: string; parameters: Record<string, unknown> };
export type ContinuousDeployment = {
  active: boolean;
  policy: "ask" | "shadow" | "champion";
  after_shadow: "ask" | "promote";
  guard: string[];
  guard_hours: number;
  critical: string[];
  latency_ms: number | null;
  size_mb: number | null;
};
export type LoopRun = {
  job: string | null;
  training_run: string | null;
  step: string | null;
  steps: { name: string; state: string }[];
  progress: { done: number; total: number | null; message: string } | null;
};
export type Loop = {
  added: number;
  after: number;
  kept_for_testing: number;
  unusable: number;
  skipped: number;
  left_out: Record<string, number>;
  verdicts: number;
  unplaced: number;
  last_error: string | null;
  dataset: { name: string; version: number | null } | null;
  run: LoopRun | null;
  waiting: Decision | null;
  last_run_at: string | null;
  last_run_state: string | null;
  due: string | null;
  waits: string | null;
  frozen: boolean;
  back_to: Titled | null;
};
export type Compared = {
  kind: "label" | "source";
  name: string;
  metric: string;
  champion: number | null;
  candidate: number | null;
  difference: number | null;
  lower: number | null;
  upper: number | null;
  count: number;
  state: "worse" | "better" | "no different" | "not assessed";
  critical: boolean;
};
export type Flip = { asset: string; prediction: string | null; before: number; after: number; found: number };
export type GateReport = {
  labels: Compared[];
  sources: Compared[];
  new_labels: { name: string; metric: string; score: number | null; count: number }[];
  speed: { champion_ms: number; candidate_ms: number; images: number } | null;
  sizes: { champion: number; candidate: number } | null;
  images: { by: "answer" | "f1"; fixes: number; breaks: number; fixed: Flip[]; broken: Flip[] };
};
export type Decision = {
  id: string;
  candidate: Titled;
  champion: Titled | null;
  decision: string;
  reasons: string[];
  numbers: Record<string, unknown>;
  report: GateReport | null;
  policy: string | null;
  applied: "promoted" | "shadow" | "waiting" | "held" | "approved" | "refused" | "taken back";
  note: string;
  job: string | null;
  at: string;
};
export type System = { version: string; home: string; durability: string; free_bytes: number | null; trouble?: string | null };

export type Keeping = {
  images: "all" | "share" | "uncertain" | "none";
  share: number;
  days?: number | null;
  when_full: "refuse" | "answer unlogged";
  traffic_estimates: boolean;
};
export type Forecast = {
  images_per_day: number;
  kept_share: number;
  gb_per_day: number;
  days_left: number | null;
  gb_at_most: number | null;
  assumptions: string[];
};
export type Storage = {
  deployment: string;
  images_kept: number;
  bytes_kept: number;
  oldest_kept: string | null;
  dropped: { reason: string; images: number; bytes: number | null }[];
  unlogged: number;
  disk_total: number | null;
  disk_free: number | null;
  forecast: Forecast;
};
