/* The dashboard of a deployment: traffic, distance from the training data, and what reviews say. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation } from "react-router";
import { useVersionTitles } from "../api/titles";
import type { Dashboard, MetricInfo, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { useDeployment, type InDeployment } from "../design/deployment";
import { useNow } from "../design/now";
import { Loaded } from "../design/page";
import { Notice } from "../design/status";
import { BoardContext, type Board } from "./board";
import { FilterBar } from "./FilterBar";
import { count } from "../design/format";
import css from "./monitoring.module.css";
import { NextSteps } from "./NextSteps";
import type { RoleLine } from "./RolesTable";
import { Tiles } from "./Tiles";
import { asParams, asQuery, useWindow, type Window } from "./window";

export default function DashboardPage() {
  const overview = useDeployment();
  const { deployment } = overview;
  const { window, change, zoom } = useWindow();
  const title = useVersionTitles(deployment.name);
  const now = useNow(5000);
  const params = asParams(window, now.getTime());
  const path = `/deployments/${deployment.name}/dashboard`;
  const dashboard = useRead<Dashboard>(path, params, { every: 2000, keep: true });
  // What a person just chose is on its way: the old stays in sight, paler. A range that moves by itself never pales.
  const chosen = JSON.stringify(window);
  const [shown, setShown] = useState(chosen);
  if (shown !== chosen && !dashboard.isPlaceholderData) setShown(chosen);
  const waits = shown !== chosen;
  const roles = useRoles(overview, window, path, params);
  const catalog = useRead<Items<MetricInfo>>("/metrics");
  const byName = useMemo(() => Object.fromEntries((catalog.data?.items ?? []).map((info) => [info.name, info])), [catalog.data]);
  const find = useCallback(
    (query: string, sort?: string) =>
      `/deployments/${deployment.name}/predictions?${new URLSearchParams({ q: query, ...(sort ? { sort } : {}) })}`,
    [deployment.name],
  );
  useTileOf(dashboard.data !== undefined);
  const other = roles.find(({ role }) => role !== (window.role || "champion") && role !== "champion");
  const board = (data: Dashboard): Board => {
    const span = spanOf(data);
    return {
      dashboard: data,
      catalog: byName,
      params,
      span,
      zoom,
      find,
      beside: other?.dashboard ? { name: other.role, dashboard: other.dashboard } : null,
      name: deployment.name,
      threshold: deployment.threshold,
      labels: deployment.labels,
      label: window.label,
      query: asQuery(window, span),
    };
  };

  return (
    <>
      <NextSteps overview={overview} />
      <FilterBar window={window} change={change} data={dashboard.data} title={title} />
      <Reading progress={dashboard.data?.progress ?? null} />
      <Behind images={dashboard.data?.behind ?? 0} />
      <div className={css.board} aria-busy={waits} data-waits={waits}>
        <Loaded query={dashboard} height={420}>
          {(data) => (
            <BoardContext value={board(data)}>
              <Tiles
                task={deployment.task}
                labels={deployment.labels.length}
                roles={roles}
                source={window.source}
                choose={(source) => change({ source })}
              />
            </BoardContext>
          )}
        </Loaded>
      </div>
    </>
  );
}

/** An address may name the tile that it is about: …#drift. */
function useTileOf(there: boolean) {
  const asked = useLocation();
  useEffect(() => {
    const tile = asked.hash.slice(1);
    if (there && tile) document.querySelector(`[data-metric="${CSS.escape(tile)}"]`)?.scrollIntoView({ block: "start" });
  }, [there, asked]);
}

/** Every version that has a role, each with its own numbers; one alone is the dashboard itself. */
function useRoles({ deployment }: InDeployment, window: Window, path: string, params: ReturnType<typeof asParams>): RoleLine[] {
  const second = deployment.shadow ? "shadow" : deployment.canary ? "canary" : null;
  const wanted = second !== null && window.version === "";
  const first = useRead<Dashboard>(wanted ? path : null, { ...params, role: "champion" }, { every: 5000, keep: true });
  const other = useRead<Dashboard>(wanted ? path : null, { ...params, role: second }, { every: 5000, keep: true });
  const version = second && deployment[second];
  if (!wanted || !second || !version || !deployment.champion) return [];
  const query = (role: string, data: Dashboard | undefined) => (data ? asQuery({ ...window, role }, spanOf(data)) : "");
  return [
    { role: "champion", title: deployment.champion.title, dashboard: first.data, query: query("champion", first.data) },
    { role: second, title: version.title, dashboard: other.data, query: query(second, other.data) },
  ];
}

/** A tag is answered from the log, piece by piece. */
function Reading({ progress }: { progress: Dashboard["progress"] }) {
  if (!progress || progress.complete) return null;
  return <Notice tone="now">Reading the log: {count(progress.read)} images so far. The numbers grow until all are read.</Notice>;
}

/** What arrives all the time is counted a moment later; so many more at once are worth a word. */
const MANY = 1000;
const MOST = 100_000;

function Behind({ images }: { images: number }) {
  if (images < MANY) return null;
  const many = `${images >= MOST ? "more than " : ""}${count(images)}`;
  return <Notice tone="now">Counting: {many} logged images are not in these charts yet.</Notice>;
}

function spanOf({ from, to, bucket_s: bucket, metrics }: Dashboard): [number, number] {
  const last = metrics.volume?.series.at(-1)?.t;
  const end = last === undefined ? 0 : Date.parse(String(last)) / 1000 + bucket;
  return [Date.parse(from) / 1000, Math.max(Date.parse(to) / 1000, end)];
}
