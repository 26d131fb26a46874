/* What the page shows, kept in its address: the query, the order, grid or table. */
import { useEffect } from "react";
import { useSearch } from "../design/useSearch";
import { fromLink } from "./core/query";

const FROM_LINKS = ["source", "label", "review", "version", "role", "tag", "from", "to"];

export type Address = { query: string; sort: string; view: "grid" | "table"; change: (values: Record<string, string>) => void };

/** What an address says of the list. */
export function addressed(search: URLSearchParams): Omit<Address, "change"> {
  const view = search.get("view") === "table" ? "table" : "grid";
  return { query: fromLink(search), sort: search.get("sort") || "-taken_at", view };
}

export function useAddress(): Address {
  const [search, change] = useSearch();
  const linked = FROM_LINKS.some((name) => search.has(name));
  const here = addressed(search);
  const { query } = here;
  useEffect(() => {
    if (linked) change({ q: query, ...Object.fromEntries(FROM_LINKS.map((name) => [name, ""])) });
  }, [linked, query, change]);
  return { ...here, change };
}
