/* How the trainer did when it was tried on eight images, and the way to try it again. */
import type { Trial as Tried } from "../api/types";
import { useSend } from "../api/use";
import { Button } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Chip, Notice } from "../design/status";
import css from "./loop.module.css";

export function TrialChip({ trial }: { trial: Tried | null }) {
  if (trial === null) return null;
  if (trial.state === "succeeded")
    return (
      <Chip tone="ok" dot>
        Trainer tried
      </Chip>
    );
  if (trial.state === "failed")
    return (
      <Chip tone="bad" dot>
        Trainer failed its trial
      </Chip>
    );
  if (trial.state === "cancelled") return <Chip dot>Trainer not tried</Chip>;
  return (
    <Chip tone="now" dot busy>
      Trying the trainer
    </Chip>
  );
}

export function Trial({ trial, path }: { trial: Tried | null; path: string }) {
  const { deployment } = useDeployment();
  const again = useSend(`/deployments/${deployment.name}`, "/jobs");
  if (trial === null || trial.state === "succeeded") return null;
  const over = trial.state === "failed" || trial.state === "cancelled";
  return (
    <Notice tone={trial.state === "failed" ? "bad" : "plain"}>
      <div className={css.ways}>
        {trial.state === "failed" && <p>Tried on eight images, it did not work: {trial.error}</p>}
        {trial.state === "cancelled" && <p>The trial was cancelled: whether the trainer works is not known.</p>}
        {!over && (
          <p>
            {trial.state === "queued"
              ? "The trainer is tried on eight images as soon as no other training runs. The settings are saved."
              : `Trying the trainer on eight images: ${trial.message || "preparing them"}. The settings are saved.`}
          </p>
        )}
        {over && (
          <div className={css.actions}>
            <Button small disabled={again.isPending} onClick={() => again.mutate({ method: "POST", path: `${path}/trial` })}>
              Try again
            </Button>
          </div>
        )}
        {again.error && <p>{again.error.message}</p>}
      </div>
    </Notice>
  );
}
