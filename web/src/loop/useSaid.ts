/* What a version says of a test image now, from a threshold on: it is loaded for this, and nothing is logged. */
import { useQuery } from "@tanstack/react-query";
import { imageUrl, send } from "../api/client";
import type { Answer } from "../api/types";
import { useGet } from "../api/use";

export function useSaid(version: string, asset: string, threshold: number) {
  const found = useGet(`/model-versions/${version}`).data;
  return useQuery({
    queryKey: ["said", version, asset, threshold],
    enabled: found !== undefined,
    staleTime: Infinity,
    retry: false,
    queryFn: async ({ signal }) => {
      const image = await fetch(imageUrl(asset), { signal });
      if (!image.ok) throw new Error("The image is not here any more, so nobody can answer it.");
      const bytes = await image.blob();
      const path = `/models/${found?.model_name}/versions/${found?.number}/try?threshold=${threshold}`;
      return send<Answer>("POST", path, bytes, { "content-type": bytes.type }, signal);
    },
  });
}
