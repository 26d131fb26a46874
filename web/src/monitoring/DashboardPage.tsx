/* The dashboard of a deployment: traffic, distance from the training data, and what reviews say. */
import { useMemo } from "react";
import type { Dashboard, MetricInfo, Page as Items } from "../api/types";
import { useVersionTitles } from "../api/titles";
import { useRead } from "../api/use";
import { Button, Segmented, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { duration } from "../design/format";
import { useNow } from "../design/now";
import { Loaded } from "../design/page";
import { ConfidenceTile, ImageSizeTile, LatencyTile, PerImageTile, VolumeTile } from "./TrafficTiles";
import { DriftTile } from "./DriftTile";
import css from "./monitoring.module.css";
import { NextSteps } from "./NextSteps";
import { OutlierTile } from "./OutlierTile";
import { HeatmapTile, LabelsTile, SupportTile } from "./LabelTiles";
import { ClassificationTile, ConfusionTile, PrecisionTile, ReportTile } from "./ReviewTiles";
import { BoardContext } from "./Tile";
import { SliceTable } from "./SliceTable";
import { asParams, RANGES, useWindow } from "./window";

const MOST_SOURCES = 24;

export default function DashboardPage() {
  const overview = useDeployment();
  const { deployment } = overview;
  const { window, change, zoom, open } = useWindow();
  const title = useVersionTitles(deployment.name);
  const now = useNow(5000);
  const shapes = deployment.task !== "classification";
  const params = asParams(window, now.getTime());
  const dashboard = useRead<Dashboard>(`/deployments/${deployment.name}/dashboard`, params, { every: 2000, keep: true });
  const catalog = useRead<Items<MetricInfo>>("/metrics");
  const byName = useMemo(() => Object.fromEntries((catalog.data?.items ?? []).map((info) => [info.name, info])), [catalog.data]);

  const roles = (["champion", "canary", "shadow"] as const).flatMap((role) => {
    const version = deployment[role];
    return version ? [[role, version.title] as const] : [];
  });

  return (
    <>
      <NextSteps overview={overview} />
      <div className={css.bar}>
        <Segmented
          label="Time range"
          value={window.range}
          options={RANGES}
          onChange={(range) => change({ range: range === "all" ? null : range, from: null, to: null })}
        />
        {window.range === "custom" && (
          <Button small icon="cross" onClick={() => change({ from: null, to: null, range: null })}>
            {new Date(window.from ?? 0).toLocaleDateString()} – {new Date(window.to ?? now).toLocaleDateString()}
          </Button>
        )}
        <Select
          aria-label="Source"
          value={window.source}
          onChange={(event) => change({ source: event.target.value })}
          options={choices("All sources", dashboard.data?.sources ?? [], window.source)}
        />
        <Select
          aria-label="Model version"
          value={window.modelVersion}
          onChange={(event) => change({ version: event.target.value })}
          options={choices("All versions", dashboard.data?.model_versions ?? [], window.modelVersion, title)}
        />
        {deployment.shadow && (
          <Select
            aria-label="Role"
            value={window.role}
            onChange={(event) => change({ role: event.target.value })}
            options={[
              { value: "", title: "Champion" },
              { value: "shadow", title: "Shadow" },
            ]}
          />
        )}
        <span>{dashboard.data && `one point per ${duration(dashboard.data.bucket_s)} · drag to zoom, click to see the images`}</span>
      </div>
      <Loaded query={dashboard} height={420}>
        {(data) => (
          <BoardContext
            value={{
              dashboard: data,
              catalog: byName,
              name: deployment.name,
              threshold: deployment.threshold,
              labels: deployment.labels,
              params,
              span: spanOf(data),
              zoom,
              open,
            }}
          >
            <Group title="Traffic" lead="from every image">
              <VolumeTile />
              <LatencyTile />
              <LabelsTile />
              {shapes && <HeatmapTile />}
              <ConfidenceTile wide={shapes ? 3 : 6} />
              {shapes && <PerImageTile />}
              <ImageSizeTile wide={shapes ? 3 : 6} />
            </Group>
            {(dashboard.data?.sources.length ?? 0) > 1 && !window.source && (
              <Group title="Sources" lead="each camera by itself">
                <SliceTable
                  name="Sources"
                  about="Source"
                  slices={data.sources.slice(0, MOST_SOURCES).map((source) => ({
                    key: source,
                    title: source,
                    params: { source },
                    query: `source = ${JSON.stringify(source)}`,
                    choose: () => change({ source }),
                  }))}
                />
              </Group>
            )}
            {roles.length > 1 && (
              <Group title="Roles" lead="on the same images">
                <SliceTable
                  name="Roles"
                  about="Version"
                  slices={roles.map(([role, title]) => ({
                    key: role,
                    title: `${title}, ${role}`,
                    params: { role },
                    query: `role = ${role}`,
                  }))}
                />
              </Group>
            )}
            <Group title="Against the training data" lead="once you have chosen it">
              <DriftTile />
              <OutlierTile />
            </Group>
            <Group title="From reviews" lead="the more you review, the more certain">
              {shapes ? (
                <>
                  <PrecisionTile />
                  <ReportTile />
                </>
              ) : (
                <ClassificationTile />
              )}
              <ConfusionTile task={deployment.task} />
              {!shapes && <SupportTile />}
            </Group>
          </BoardContext>
        )}
      </Loaded>
    </>
  );
}

function spanOf({ from, to, bucket_s: bucket, metrics }: Dashboard): [number, number] {
  const last = metrics.volume?.series.at(-1)?.t;
  const end = last === undefined ? 0 : Date.parse(String(last)) / 1000 + bucket;
  return [Date.parse(from) / 1000, Math.max(Date.parse(to) / 1000, end)];
}

function choices(all: string, found: string[], chosen: string, title = (value: string) => value) {
  const values = chosen && !found.includes(chosen) ? [...found, chosen] : found;
  const options = values.map((value) => ({ value, title: title(value) }));
  return [{ value: "", title: all }, ...options];
}

function Group({ title, lead, children }: { title: string; lead: string; children: React.ReactNode }) {
  return (
    <section className={css.group}>
      <div className={css.groupHead}>
        <h2>{title}</h2>
        <span>{lead}</span>
      </div>
      <div className={css.grid}>{children}</div>
    </section>
  );
}
