/* What this server has, by the name that paths and bodies give it: an example speaks of what is there. */
import { useGet } from "../api/use";

export function useKnown(): Record<string, string> {
  const deployment = useGet("/deployments").data?.items[0];
  const model = useGet("/models").data?.items[0]?.name;
  const dataset = useGet("/datasets").data?.items[0]?.name;
  const prediction = useGet(deployment ? `/deployments/${deployment.name}/predictions` : null, { limit: 1 }).data?.items[0]?.id;
  const version = deployment?.champion;
  return filledOnly({
    deployment: deployment?.name,
    version: version ? String(version.number) : undefined,
    model,
    model_version: model && `${model}/latest`,
    dataset,
    dataset_version: dataset && `${dataset}/latest`,
    prediction,
    prediction_id: prediction,
    metric: "latency",
  });
}

function filledOnly(known: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(known).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
