/* What a page shows, kept in its address, so that it can be shared and Back leads to it. */
import { useCallback } from "react";
import { useSearchParams } from "react-router";

export type Choices = Record<string, string | null | undefined>;

/** What the address says, and how to change some of it; a choice that is empty leaves it. */
export function useSearch() {
  const [search, setSearch] = useSearchParams();
  const change = useCallback(
    (values: Choices, replace = true) =>
      setSearch(
        () => {
          // The address as it is, which is ahead of what is drawn: a second choice stands beside a first one that nobody has seen yet.
          const next = new URLSearchParams(location.search);
          for (const [name, value] of Object.entries(values)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace, preventScrollReset: true },
      ),
    [setSearch],
  );
  return [search, change] as const;
}
