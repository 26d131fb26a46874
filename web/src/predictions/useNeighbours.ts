/* The images before and after this one, in the order of the list it was opened from; arrow keys go there. */
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import type { Page, Prediction } from "../api/types";

export function useNeighbours(deployment: string, id: string): { before: string | null; after: string | null } {
  const client = useQueryClient();
  const navigate = useNavigate();
  const lists = client.getQueriesData<InfiniteData<Page<Prediction>>>({
    predicate: ({ queryKey }) => queryKey[0] === `/deployments/${deployment}/predictions` && queryKey[2] === "pages",
  });
  const ids = lists
    .map(([, data]) => data?.pages.flatMap((page) => page.items.map((item) => item.id)) ?? [])
    .filter((list) => list.includes(id))
    .at(-1);
  const at = ids?.indexOf(id) ?? -1;
  const before = ids?.[at - 1] ?? null;
  const after = ids && at >= 0 ? (ids[at + 1] ?? null) : null;

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).matches("input, select, textarea") || event.defaultPrevented) return;
      const next = event.key === "ArrowLeft" ? before : event.key === "ArrowRight" ? after : null;
      if (next) void navigate(`/deployments/${deployment}/predictions/${next}`, { replace: true });
      if (event.key === "Escape") void navigate(`/deployments/${deployment}/predictions`);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [after, before, deployment, navigate]);
  return { before, after };
}
