/* The part of the traffic a dashboard looks at; it lives in the address, so a view can be shared. */
import { useCallback, useMemo } from "react";
import type { Params } from "../api/client";
import { useSearch } from "../design/useSearch";

export const RANGES = [
  { value: "1h", title: "1 hour", seconds: 3600 },
  { value: "24h", title: "24 hours", seconds: 86_400 },
  { value: "7d", title: "7 days", seconds: 7 * 86_400 },
  { value: "30d", title: "30 days", seconds: 30 * 86_400 },
  { value: "all", title: "All", seconds: 0 },
];

/** What chooses among the images, by its name in the address, with its name in a query of the log. */
export const FILTERS = { source: "source", label: "label", tag: "tag", version: "version", role: "role" } as const;
export type FilterName = keyof typeof FILTERS;

export type Window = { range: string; from: string | null; to: string | null } & Record<FilterName, string>;
export type Change = Partial<Record<FilterName | "range" | "from" | "to", string | null>>;

/** An instant somebody wrote into the address; what cannot be read is as if it were not there. */
function instant(text: string | null): string | null {
  return text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null;
}

export function readWindow(search: URLSearchParams): Window {
  const [from, to] = [instant(search.get("from")), instant(search.get("to"))];
  const asked = search.get("range");
  const known = RANGES.some((range) => range.value === asked);
  const value = (name: FilterName) => search.get(name) ?? "";
  return {
    range: from ? "custom" : known && asked ? asked : "all",
    from,
    to: from && to && to > from ? to : null,
    source: value("source"),
    label: value("label"),
    tag: value("tag"),
    version: value("version"),
    role: value("role"),
  };
}

/** What to ask the server. A moving range is rounded, so that asking every two seconds asks for the same thing. */
export function asParams(window: Window, now: number): Params {
  const seconds = RANGES.find((range) => range.value === window.range)?.seconds ?? 0;
  const step = seconds > 86_400 ? 60_000 : 5000;
  const moving = seconds > 0 ? new Date(Math.floor(now / step) * step - seconds * 1000).toISOString() : null;
  return {
    from: window.range === "custom" ? window.from : moving,
    to: window.range === "custom" ? window.to : null,
    source: window.source,
    label: window.label,
    tag: window.tag,
    model_version: window.version,
    role: window.role,
    bucket: "auto",
  };
}

/** The same choice as a query of the log, between these times (seconds). */
export function asQuery(window: Window, [from, to]: [number, number]): string {
  const chosen = (Object.keys(FILTERS) as FilterName[]).filter((name) => window[name]);
  const quoted = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  return [...chosen.map((name) => `${FILTERS[name]} = ${quoted(window[name])}`), `taken_at >= ${at(from)}`, `taken_at < ${at(to)}`].join(
    " and ",
  );
}

export function useWindow() {
  const [search, choose] = useSearch();
  const window = useMemo(() => readWindow(search), [search]);
  const change = useCallback((values: Change, replace = true) => choose(values, replace), [choose]);
  /** A place of its own in the history: Back zooms out again. */
  const zoom = useCallback(
    (from: number, to: number) =>
      change({ range: null, from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() }, false),
    [change],
  );
  return { window, change, zoom };
}
