/* Datasets, models, training and jobs, as the server sends them. */

export type Task = "classification" | "detection" | "segmentation";
export type Page<T> = { items: T[]; next?: string | null };
export type Actor = { id: string; name: string; kind: "person" | "program" };
export type Titled = { id: string; title: string };
export type Quad = [number, number, number, number];

export type Annotation = {
  label: string;
  box?: Quad | null;
  polygon?: number[][] | number[] | null;
  rle?: unknown;
  crowd?: boolean;
};
export type Detection = {
  label: string;
  confidence: number;
  box?: Quad | null;
  polygon?: number[][] | number[] | null;
  rle?: unknown;
  answered?: boolean;
};

export type Job = {
  id: string;
  kind: string;
  title: string;
  about: string | null;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  step: string | null;
  done: number;
  total: number | null;
  message: string | null;
  result: Record<string, unknown> | null;
  error: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_by: Actor | string | null;
};

export type Dataset = {
  id: string;
  name: string;
  task: Task;
  labels: string[];
  versions: number;
  latest: DatasetVersion | null;
  created_at: string;
};
export type DatasetVersion = {
  id: string;
  dataset: string;
  dataset_name: string;
  number: number;
  title: string;
  content_hash: string;
  task: Task;
  labels: string[];
  parent: string | null;
  origin: "import" | "feedback";
  note: string;
  images: Record<string, number>;
  statistics: Record<string, Record<string, number>>;
  created_at: string;
  created_by: Actor | string | null;
};
export type DatasetItem = {
  asset: string;
  split: string;
  group: string;
  file_name: string;
  source: string | null;
  width: number;
  height: number;
  annotations: Annotation[];
};
export type ReportLine = { line: number | string; file: string; problem: string };

export type Model = { id: string; name: string; task: Task; versions: number; latest: ModelVersion | null; created_at: string };
export type Scores = Record<string, number | null>;
export type ModelVersion = {
  id: string;
  model: string;
  model_name: string;
  number: number;
  title: string;
  task: Task;
  labels: string[];
  artifact: string;
  size_bytes: number;
  input: Record<string, unknown> & { width?: number; height?: number };
  outputs: string;
  has_features: boolean;
  dataset_version: string | null;
  training_run: string | null;
  parent: string | null;
  has_checkpoint: boolean;
  advised_threshold: number | null;
  scores: Record<string, Scores>;
  note: string;
  created_at: string;
  created_by: Actor | string | null;
};

export type TrainerParameter = { default: string | number | boolean | null; title: string; owner_only: boolean };
export type Trainer = {
  name: string;
  title: string;
  tasks: Task[];
  parameters: Record<string, TrainerParameter>;
  available: boolean;
  missing: string | null;
};
export type Epoch = {
  epoch: number;
  epochs: number | null;
  loss: number | null;
  metrics: Record<string, number | null>;
  eta_s: number | null;
};
export type TrainingRun = {
  id: string;
  state: Job["state"];
  job: string | null;
  trainer: string;
  parameters: Record<string, unknown>;
  model: string;
  dataset_version: string | null;
  start_from: string | null;
  model_version: string | null;
  deployment: string | null;
  epochs: Epoch[];
  eta_s: number | null;
  error: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};
