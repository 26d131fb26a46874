/* The part of the traffic a dashboard looks at; it lives in the address, so a view can be shared. */
import { useCallback, useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { Params } from "../api/client";

export const RANGES = [
  { value: "1h", title: "1 hour", seconds: 3600 },
  { value: "24h", title: "24 hours", seconds: 86_400 },
  { value: "7d", title: "7 days", seconds: 7 * 86_400 },
  { value: "30d", title: "30 days", seconds: 30 * 86_400 },
  { value: "all", title: "All", seconds: 0 },
];

export type Window = { range: string; from: string | null; to: string | null; source: string; modelVersion: string; role: string };

export function readWindow(search: URLSearchParams): Window {
  return {
    range: search.get("range") ?? (search.get("from") ? "custom" : "all"),
    from: search.get("from"),
    to: search.get("to"),
    source: search.get("source") ?? "",
    modelVersion: search.get("version") ?? "",
    role: search.get("role") ?? "",
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
    model_version: window.modelVersion,
    role: window.role,
    bucket: "auto",
  };
}

export function useWindow() {
  const [search, setSearch] = useSearchParams();
  const window = useMemo(() => readWindow(search), [search]);
  const change = useCallback(
    (values: Record<string, string | null>) => {
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: true, preventScrollReset: true },
      );
    },
    [setSearch],
  );
  const zoom = useCallback(
    (from: number, to: number) => change({ range: null, from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() }),
    [change],
  );
  const navigate = useNavigate();
  const open = useCallback(
    (from: number, to: number) => {
      const wanted = new URLSearchParams({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() });
      if (window.source) wanted.set("source", window.source);
      if (window.modelVersion) wanted.set("version", window.modelVersion);
      void navigate(`predictions?${wanted}`);
    },
    [navigate, window.source, window.modelVersion],
  );
  return { window, change, zoom, open };
}
