/* In the demo: a candidate that is bad on purpose, the champion's own file with its labels mixed up, put before the gate. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { get, getFile, send } from "../api/client";
import type { Deployment, Job, ModelVersion } from "../api/types";
import { Button } from "../design/controls";
import { Notice } from "../design/status";

export function BadCandidate({ deployment }: { deployment: Deployment }) {
  const client = useQueryClient();
  const attempt = useMutation({ mutationFn: () => put(deployment), onSuccess: () => client.invalidateQueries() });
  if (!deployment.settings.simulated || !deployment.champion || deployment.labels.length < 2) return null;
  return (
    <>
      <Button
        small
        title="The champion's own file with its labels mixed up: see what the gate says of it"
        disabled={attempt.isPending}
        onClick={() => attempt.mutate()}
      >
        {attempt.isPending ? "Mixing the labels up…" : "Try a bad candidate"}
      </Button>
      {attempt.isSuccess && <Notice>The gate looks at it; what it says appears below in a moment.</Notice>}
      {attempt.error && <Notice tone="bad">{attempt.error.message}</Notice>}
    </>
  );
}

async function put({ name, champion, task }: Deployment): Promise<Job> {
  if (!champion) throw new Error("There is no champion to compare with.");
  const version = await get<ModelVersion>(`/model-versions/${champion.id}`);
  const file = await getFile(`/model-versions/${champion.id}/artifact`);
  const form = new FormData();
  form.set("file", file, "champion.onnx");
  form.set("task", task);
  // Each label becomes the next one: none keeps its name.
  form.set("labels", JSON.stringify([...version.labels.slice(1), version.labels[0]]));
  form.set("note", `bad on purpose: ${champion.title} with its labels mixed up`);
  const bad = await send<ModelVersion>("POST", `/models/${champion.model_name}-mixed-up/versions`, form);
  return send<Job>("POST", `/deployments/${name}/candidates`, { model_version: bad.id });
}
