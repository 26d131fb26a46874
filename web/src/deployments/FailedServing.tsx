/* A version that could not be loaded: why, who answers meanwhile, and another try. */
import { asSentence } from "../api/sentence";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button } from "../design/controls";
import { Notice } from "../design/status";

export function FailedServing({ deployment }: { deployment: Deployment }) {
  const retry = useSend<Deployment>("/deployments", "/overview");
  if (deployment.serving.state !== "failed") return null;
  const said = deployment.serving.message || "the version could not be loaded";
  return (
    <Notice tone="bad">
      {asSentence(said)}. It is tried again every 15 seconds.{" "}
      <Button
        small
        disabled={retry.isPending}
        onClick={() => retry.mutate({ method: "POST", path: `/deployments/${deployment.name}/retry` })}
      >
        {retry.isPending ? "Trying…" : "Try again now"}
      </Button>
      {retry.error && <p>{retry.error.message}</p>}
    </Notice>
  );
}
