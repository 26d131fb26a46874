/* The run that is going on: its steps and, while it trains, the curve as it grows. */
import { Link } from "react-router";
import type { LoopRun } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Curve } from "../design/charts/Curve";
import { Confirm } from "../design/Dialog";
import { duration, words } from "../design/format";
import { Card, dim } from "../design/page";
import { Bar, Chip } from "../design/status";
import { curveEnd, curveLines } from "../design/curveLines";
import css from "./loop.module.css";
import { progressOf } from "./progress";

export function RunCard({ run }: { run: LoopRun }) {
  const training = useGet(run.training_run ? `/training-runs/${run.training_run}` : null, undefined, { every: 2000 });
  const cancel = useSend("/jobs", "/deployments");
  const progress = progressOf(run.progress);
  const epochs = training.data?.epochs ?? [];
  const lines = curveLines(epochs);
  return (
    <Card
      title="Running now"
      aside={
        <div className={css.actions}>
          {run.step === "train" && (training.data?.eta_s ?? 0) > 0 && <Chip>about {duration(training.data?.eta_s)} left</Chip>}
          {run.job && (
            <Confirm
              small
              button="Cancel"
              title="Cancel this run?"
              lead="What it has trained so far is dropped. The reviews stay in the dataset."
              action="Cancel the run"
              otherwise="Let it go on"
              onConfirm={() => cancel.mutate({ method: "POST", path: `/jobs/${run.job}/cancel` })}
            />
          )}
        </div>
      }
    >
      <div className={css.run}>
        <ol className={css.steps}>
          {run.steps.map((step) => (
            <li key={step.name} data-state={step.state}>
              {words(step.name)}
            </li>
          ))}
        </ol>
        <div className={css.form}>
          {progress?.share !== null && progress && (
            <Bar value={Math.round(progress.share * 100)} total={100} label="Progress of this step" />
          )}
          {progress?.message && <p className={dim}>{progress.message}</p>}
          {run.step === "train" && lines.length === 0 && <p className={dim}>The first epoch is running; the curve begins with its end.</p>}
          {lines.length > 0 && (
            <>
              <Curve label="Training curve" total={curveEnd(epochs, false)} lines={lines} />
              <div className={css.legend}>
                {lines.map((line) => (
                  <span key={line.name}>
                    <i style={{ background: line.colour }} />
                    {line.name}
                  </span>
                ))}
                {run.training_run && (
                  <Link className={css.link} to={`/training/${run.training_run}`}>
                    log and parameters
                  </Link>
                )}
              </div>
            </>
          )}
        </div>
      </div>
    </Card>
  );
}
