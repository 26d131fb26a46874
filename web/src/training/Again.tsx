/* A run that is over, done again: as it was, or, when a loop asked for it, as the loop would do it now. */
import { useNavigate } from "react-router";
import type { Job, TrainingRun } from "../api/types";
import { useSend } from "../api/use";
import { Button } from "../design/controls";
import { Notice } from "../design/status";
import css from "./training.module.css";

export function Again({ run }: { run: TrainingRun }) {
  const again = useSend<TrainingRun>("/training-runs", "/jobs");
  const round = useSend<Job>("/training-runs", "/jobs", "/deployments", "/overview");
  const navigate = useNavigate();
  const failed = run.state !== "succeeded";
  const repeat = () =>
    again.mutate(
      { method: "POST", path: `/training-runs/${run.id}/repeat` },
      { onSuccess: (made) => void navigate(`/training/${made.id}`) },
    );
  const retry = () =>
    round.mutate({ method: "POST", path: `/deployments/${run.deployment}/retrain` }, { onSuccess: () => void navigate(`/jobs`) });
  const error = again.error ?? round.error;
  return (
    <div className={css.again}>
      {failed && run.deployment && (
        <Button
          look="primary"
          disabled={round.isPending}
          title="A new round of the loop: with the images and settings of now, up to the decision"
          onClick={retry}
        >
          Retry the round
        </Button>
      )}
      <Button
        disabled={again.isPending}
        title="The same images, parameters and start; what comes of it is a version of its own"
        onClick={repeat}
      >
        {failed && !run.deployment ? "Retry" : "Repeat this run"}
      </Button>
      {error && <Notice tone="bad">{error.message}</Notice>}
    </div>
  );
}
