/* What the server sends and takes, version 1: names for the types that are generated from its OpenAPI document (`schema.d.ts`,
   written by build_web.py). Nothing is described here a second time. */
import type * as Server from "./schema";

export type Task = Server.ModelOut["task"];
export type Quad = [number, number, number, number];
export type Page<T> = { items: T[]; next?: string | null };
export type Titled = Server.TitledVersion;

export type Annotation = Server.AnnotationIn;
/** Of an answer, or of the log, which knows the threshold of that moment. */
export type Detection = Server.DetectionOut & Partial<Pick<Server.LoggedDetectionOut, "rle" | "answered">>;

export type Job = Server.JobOut;
export type Dataset = Server.DatasetOut;
export type DatasetVersion = Server.DatasetVersionOut;
export type DatasetItem = Server.ItemOut;
export type DatasetFormat = Server.FormatOut;
export type DatasetUses = Server.DatasetUsesOut;
export type LabelChange = Server.LabelsIn;
export type LabelRule = Server.LabelRuleIn;
export type LabelPreview = Server.LabelPreviewOut;
export type ReviewedVersion = Server.ReviewedVersionOut;
export type UndoPreview = Server.UndoPreviewOut;
export type VersionDiff = Server.VersionDiffOut;
export type Difference = Server.DifferenceOut;
export type Model = Server.ModelOut;
export type ModelVersion = Server.ModelVersionOut;
export type Scores = Record<string, number | null>;
export type TrainerParameter = Server.ParameterOut;
export type Trainer = Server.TrainerOut;
export type Epoch = Server.EpochOut;
export type TrainingRun = Server.TrainingRunOut;
export type Evaluation = Server.EvaluationOut;
export type RunEnvironment = Server.EnvironmentOut;

export type RoleVersion = Server.RoleOut;
export type Serving = Server.ServingOut;
export type Deployment = Server.DeploymentOut;
export type RolePeriod = Server.RoleLineOut;
export type Arc = Server.BlockOut;
export type Pipeline = Server.PipelineOut;
export type DeploymentRow = Server.HomeLineOut;
export type Overview = Server.HomeOut;
export type DeploymentOverview = Server.OverviewOut;
export type MetricInfo = Server.MetricOut;
export type Measurement = Omit<Server.MeasurementOut, "progress"> & Partial<Pick<Server.MeasurementOut, "progress">>;
export type Dashboard = Server.DashboardOut;
export type Estimates = Server.EstimatesOut;
export type Sources = Server.SourcesOut;
export type Source = Server.CameraOut;
export type PrecisionRecall = Server.CurvesOut;
export type TwoSampleTable = Server.TwoSampleTableOut;
export type Completion = Server.CompletionOut;
export type Thresholds = Server.ThresholdsOut;
export type RateCurve = Server.RateCurveOut;
export type ThresholdAdvice = Server.ThresholdAdviceOut;
export type MovedImages = Server.MovedOut;
export type TrainingData = Server.TrainingDataOut;
export type DriftWatch = Server.WatchIn;
export type Drift = Server.DriftOut;

export type FeedbackLoop = Required<Server.FeedbackLoopBody>;
export type ContinuousTraining = Required<Server.ContinuousTrainingOut>;
export type TrainingPolicy = Required<Server.ContinuousTrainingBody>;
export type Trial = Server.TrialOut;
export type ContinuousDeployment = Server.ContinuousDeploymentBody;
export type LoopRun = Server.LoopRunOut;
export type Loop = Server.LoopOut;
export type Compared = Server.PartOut;
export type Flip = Server.FlipOut;
export type CarriedThreshold = Server.CarriedOut;
export type AtThreshold = Server.AtThresholdOut;
export type GateReport = Server.ReportOut;
export type Replayed = Server.ReplayedOut;
export type Differing = Server.DifferingOut;
export type Decision = Server.DecisionOut;

export type System = Server.SystemOut;
export type BackUp = Server.BackUpOut;
export type HomeSize = Server.HomeSizeOut;
export type Keeping = Server.KeepingOut;
export type Forecast = Server.ForecastOut;
export type Storage = Server.StorageOut;

export type Prediction = Server.PredictionOut;
export type FoundPage = Server.PredictionsOut;
/** Of a prediction, or of a try, which nobody logged. */
export type Answer = Omit<Server.TryOut, "detections"> & { id?: string | null; detections: Detection[] };
export type LineageStep = Server.LineageStep;
export type SimilarImages = Server.SimilarOut;
export type Gap = Server.GapOut;
export type Gaps = Server.GapsOut;
export type Writer = Server.WriterOut;

export type ReviewState = Server.PredictionOut["review"];
export type Verdict = Server.VerdictOut;
export type ReviewQueue = Server.HabitsOut;
export type Question = Server.QuestionOut;
export type Queued = Server.QueuedOut;
export type Effect = Server.EffectOut;
export type ReviewExchange = Server.ExchangeOut;
export type Travel = Server.TravelOut;
export type ReviewTeam = Server.TeamOut;
export type TeamSettings = Required<Server.TeamIn>;
export type TeamShare = Server.ShareOut;
export type BulkPreview = Server.BulkPreviewOut;
export type BlindAnswer = Server.BlindOut;

export type Severity = Server.AlertOut["severity"];
export type AlertSubject = Server.SubjectOut;
export type LastDelivery = Server.DeliveryOut;
export type AlertRule = Server.RuleOut;
export type RuleToSend = Server.RuleIn;
export type RuleSettings = Omit<Required<Server.RuleIn>, "metric" | "field" | "webhook" | "channels" | "active">;
export type SuggestedRule = Server.SuggestedRule;
export type Alert = Server.AlertOut;
export type AlertEvent = Server.EventOut;
export type AlertStory = Server.AlertStory;
export type AlertNotice = Server.NoticeOut;
export type ChannelSetting = Server.SettingOut;
export type ChannelKind = Server.ChannelKindOut;
export type Channel = Server.ChannelOut;
export type TestResult = Server.TestOut;
export type PlannedStop = Server.StopOut;
