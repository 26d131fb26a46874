/* The loop drawn: six stations on one line, the way back below, and at each what is there right now. */
import type { InDeployment } from "../design/deployment";
import { count, words } from "../design/format";
import { Bar } from "../design/status";
import css from "./loop.module.css";
import { progressOf } from "./progress";

type Station = { name: string; number: string; detail: string; state: "on" | "busy" | "off" | "wait"; bar?: [number, number] };

/** What each station says; pure, so that it can be tested. */
export function stations({ deployment, predictions, pending, loop, pipeline }: InDeployment): Station[] {
  const off = pipeline.feedback_loop?.state === "off";
  const run = loop?.run;
  const busy = (station: string) => Boolean(run?.step && STATION_OF[run.step] === station);
  const progress = progressOf(run?.progress ?? null);
  const training = pipeline.continuous_training;
  return [
    {
      name: "Predict",
      number: count(predictions),
      detail: deployment.champion?.title ?? "no champion",
      state: deployment.serving?.state === "live" || deployment.target === "external" ? "on" : "busy",
    },
    {
      name: "Review",
      number: count(loop?.verdicts ?? 0),
      detail: `${count(pending)} waiting`,
      state: (loop?.verdicts ?? 0) > 0 ? "on" : "off",
    },
    {
      name: "Dataset",
      number: !loop ? "–" : loop.added < loop.after ? `${count(loop.added)} of ${count(loop.after)}` : count(loop.added),
      detail: off ? "feedback loop off" : `added · ${count(loop?.kept_for_testing ?? 0)} kept for testing`,
      state: off ? "off" : busy("dataset") ? "busy" : "on",
      bar: loop && !off ? [loop.added, loop.after] : undefined,
    },
    {
      name: "Train",
      number:
        run?.step === "train" && progress?.share !== null && progress
          ? `${Math.round(progress.share * 100)} %`
          : training?.active
            ? "automatic"
            : "by hand",
      detail:
        busy("train") && run?.step !== "train"
          ? words(run?.step ?? "")
          : (busy("train") && progress?.message) || (training?.active ? `every ${count(loop?.after ?? 0)} added` : "press Run now"),
      state: busy("train") ? "busy" : training?.active ? "on" : "off",
    },
    {
      name: "Judge",
      number: loop?.waiting ? "waiting" : "gate",
      detail: loop?.waiting ? "for your decision" : "on unseen images",
      state: loop?.waiting ? "wait" : busy("judge") ? "busy" : "on",
    },
    {
      name: "Deploy",
      number: deployment.shadow ? "shadow runs" : POLICY[pipeline.continuous_deployment?.active ? "on" : "off"],
      detail: deployment.shadow?.title ?? pipeline.continuous_deployment?.detail ?? "",
      state: busy("deploy") ? "busy" : pipeline.continuous_deployment?.active ? "on" : "off",
    },
  ];
}

const POLICY = { on: "automatic", off: "asks you" };

/** Where each step of a run stands on the line. */
const STATION_OF: Record<string, string> = {
  freeze: "dataset",
  prepare: "train",
  train: "train",
  register: "train",
  evaluate: "judge",
  decide: "judge",
  "roll out": "deploy",
};

export function Flow({ overview }: { overview: InDeployment }) {
  return (
    <ol className={css.flow}>
      {stations(overview).map((station) => (
        <li key={station.name} data-state={station.state}>
          <span>{station.name}</span>
          <strong>{station.number}</strong>
          {station.bar && (
            <Bar value={station.bar[0]} total={station.bar[1]} label={station.name} done={station.bar[0] >= station.bar[1]} />
          )}
          <small>{station.detail}</small>
        </li>
      ))}
    </ol>
  );
}
