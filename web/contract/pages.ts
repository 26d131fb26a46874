/* What the pages believe of the API, held against the document the server hands out: every line fails to compile when an answer
   no longer has what a page reads. `server.d.ts` is generated; tests/browser/test_contract.py makes it and runs this. */
import type * as Page from "../src/api/types";
import type * as Server from "./server";

/** The document says "text" for a task, "numbers" for a box, and anything for a score; the page knows which. */
type Loose<T> = T extends Page.Task | Page.DatasetVersion["origin"]
  ? string
  : T extends Page.Quad
    ? number[]
    : T extends (infer Item)[]
      ? Loose<Item>[]
      : T extends object
        ? { [Key in keyof T]: Loose<T[Key]> }
        : T;

/** Whatever the server sends can be read as what the page expects. */
type Reads<Expected, Sent extends Loose<Expected>> = [Expected, Sent];

export type Checked = [
  Reads<Page.Alert, Server.AlertOut>,
  Reads<Page.AlertNotice, Server.NoticeOut>,
  Reads<Page.AlertRule, Server.RuleOut>,
  Reads<Page.AlertStory, Server.AlertStory>,
  Reads<Page.AlertSubject, Server.SubjectOut>,
  Reads<Page.Channel, Server.ChannelOut>,
  Reads<Page.ChannelKind, Server.ChannelKindOut>,
  Reads<Page.PlannedStop, Server.StopOut>,
  Reads<Page.TestResult, Server.TestOut>,
  Reads<Page.ContinuousDeployment, Server.ContinuousDeploymentBody>,
  Reads<Page.Dashboard, Server.DashboardOut>,
  Reads<Page.Dataset, Server.DatasetOut>,
  Reads<Page.DatasetVersion, Server.DatasetVersionOut>,
  Reads<Page.Decision, Server.DecisionOut>,
  Reads<Page.Deployment, Server.DeploymentOut>,
  Reads<Page.DeploymentRow, Server.HomeLineOut>,
  Reads<Page.DeploymentOverview, Server.OverviewOut>,
  Reads<Page.Drift, Server.DriftOut>,
  Reads<Page.Job, Server.JobOut>,
  Reads<Page.Measurement, Server.MeasurementOut>,
  Reads<Page.Loop, Server.LoopOut>,
  Reads<Page.MetricInfo, Server.MetricOut>,
  Reads<Omit<Page.Model, "latest">, Server.ModelOut>,
  Reads<Omit<Page.ModelVersion, "scores">, Server.ModelVersionOut>,
  Reads<Page.Prediction, Server.PredictionOut>,
  Reads<Page.Question, Server.QuestionOut>,
  Reads<Page.Queued, Server.QueuedOut>,
  Reads<Page.ReviewQueue, Server.HabitsOut>,
  Reads<Page.RolePeriod, Server.RoleLineOut>,
  Reads<Page.System, Server.SystemOut>,
  Reads<Page.Keeping, Server.KeepingOut>,
  Reads<Page.Forecast, Server.ForecastOut>,
  Reads<Page.SimilarImages, Server.SimilarOut>,
  Reads<Page.Gaps, Server.GapsOut>,
  Reads<Page.Writer, Server.WriterOut>,
  Reads<Page.Storage, Server.StorageOut>,
  Reads<Page.FoundPage, Server.PredictionsOut>,
  Reads<Omit<Page.Trainer, "parameters">, Server.TrainerOut>,
  Reads<Page.TrainingData, Server.TrainingDataOut>,
  Reads<Page.TrainingRun, Server.TrainingRunOut>,
  Reads<Page.Verdict, Server.VerdictOut>,
];
