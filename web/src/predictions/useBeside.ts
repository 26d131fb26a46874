/* The same image answered by another version; which one is in the address. */
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { send } from "../api/client";
import type { Detection, Prediction, Titled } from "../api/types";

type Replayed = { model_version: Titled; detections: Detection[] };

export function useBeside({ id, threshold }: Prediction) {
  const [search, setSearch] = useSearchParams();
  const version = search.get("beside");
  const asked = useQuery({
    queryKey: [`/predictions/${id}/replay`, version],
    queryFn: ({ signal }) => send<Replayed>("POST", `/predictions/${id}/replay`, { model_version: version }, {}, signal),
    enabled: version !== null,
    staleTime: Infinity, // a version answers an image always the same
    retry: false,
  });
  const choose = (wanted: string | null) =>
    setSearch(
      (now) => {
        if (wanted) now.set("beside", wanted);
        else now.delete("beside");
        return now;
      },
      { replace: true },
    );
  const answer = version && asked.data;
  return {
    version,
    choose,
    answer: answer
      ? { title: answer.model_version.title, detections: answer.detections.filter((found) => found.confidence >= threshold) }
      : null,
    asking: asked.isFetching,
    error: asked.error?.message ?? null,
  };
}
