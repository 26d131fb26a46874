/* The images before and after this one, in the order of the list it was opened from; arrow keys go there, Escape back to the list. */
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Page, Prediction } from "../api/types";
import { leaveFrom } from "./core/left";
import { addressed } from "./useAddress";

/** Kept with each step of the history: the address of the list it was opened from. */
type FromList = { list?: string };

export function useNeighbours(deployment: string, id: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const state = useLocation().state as FromList | null;
  const list = state?.list;
  const page = `/deployments/${deployment}/predictions`;
  const lists = client.getQueriesData<InfiniteData<Page<Prediction>>>({
    predicate: ({ queryKey }) => queryKey[0] === page && queryKey[2] === "pages",
  });
  const { query, sort } = addressed(new URLSearchParams(list));
  const here = lists
    .map(([key, data]) => ({
      asked: key[1] as { query?: string; sort?: string },
      ids: data?.pages.flatMap((found) => found.items.map((item) => item.id)) ?? [],
    }))
    .filter(({ ids }) => ids.includes(id));
  const ids = (here.find(({ asked }) => asked.query === query && asked.sort === sort) ?? here.at(-1))?.ids;
  const at = ids?.indexOf(id) ?? -1;
  const before = ids?.[at - 1] ?? null;
  const after = ids && at >= 0 ? (ids[at + 1] ?? null) : null;

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).matches("input, select, textarea") || event.defaultPrevented) return;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog]")) return;
      const next = event.key === "ArrowLeft" ? before : event.key === "ArrowRight" ? after : null;
      if (next) void navigate(`${page}/${next}`, { replace: true, state });
      if (event.key !== "Escape") return;
      // The address is ahead of what is drawn: after two quick keys the next image is there already, and its page is not.
      leaveFrom(decodeURIComponent(location.pathname.split("/").at(-1) ?? id));
      // Back, not there anew: the list comes again where it was.
      void (list === undefined ? navigate(page) : navigate(-1));
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [after, before, id, list, navigate, page, state]);
  return { before, after, state, list: `${page}${list ?? ""}` };
}
