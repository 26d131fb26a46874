/* Two runs or more: their curves over one another, and side by side what they were given, ran with, took and reached. */
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import type { DatasetVersion, ModelVersion, TrainingRun } from "../api/types";
import { useAll } from "../api/use";
import { Overlay } from "../design/charts/Overlay";
import { LinkButton } from "../design/controls";
import { bytes, clock, duration, score, words } from "../design/format";
import { Card, dim, Empty, Page, Skeleton, tableClass } from "../design/page";
import { SCORE_TITLES } from "../design/scoreTitles";
import { JobChip, Notice } from "../design/status";
import { environmentRows, sideBySide, type Row } from "./facts";
import { Scrolled } from "../design/Scrolled";
import css from "./training.module.css";

const COLOURS = ["var(--now)", "var(--warn-strong)", "var(--ok)", "var(--shadow-role)", "var(--bad)", "var(--ink-2)"];
const titled = (name: string) => (name === "loss" ? "Loss" : (SCORE_TITLES[name] ?? words(name)));

export default function ComparePage() {
  const [search] = useSearchParams();
  const ids = [...new Set((search.get("runs") ?? "").split(",").filter(Boolean))].slice(0, COLOURS.length);
  const runs = useAll<TrainingRun>(ids.map((id) => `/training-runs/${id}`));
  return (
    <Page title="Compare runs" crumbs={[{ title: "Training runs", to: "/training" }]}>
      {ids.length < 2 ? (
        <Card>
          <Empty title="Choose two runs or more" actions={<LinkButton to="/training">Training runs</LinkButton>}>
            Tick them in the list, then press Compare.
          </Empty>
        </Card>
      ) : runs.waiting ? (
        <Skeleton height={320} />
      ) : (
        <>
          {runs.errors.map((error) => (
            <Notice key={error.message} tone="bad">
              {error.message}
            </Notice>
          ))}
          {runs.found.length > 0 && <Compared runs={runs.found} />}
        </>
      )}
    </Page>
  );
}

function Compared({ runs }: { runs: TrainingRun[] }) {
  const versions = useAll<ModelVersion>(runs.flatMap((run) => (run.model_version ? [`/model-versions/${run.model_version}`] : [])));
  const starts = useAll<ModelVersion>(runs.flatMap((run) => (run.start_from ? [`/model-versions/${run.start_from}`] : [])));
  const data = useAll<DatasetVersion>(runs.flatMap((run) => (run.dataset_version ? [`/dataset-versions/${run.dataset_version}`] : [])));
  const version = (run: TrainingRun) => versions.found.find((one) => one.id === run.model_version);
  const title = (all: { found: { id: string; title: string }[]; waiting: boolean }, id: string | null) =>
    all.found.find((one) => one.id === id)?.title ?? (id && (all.waiting ? "…" : "deleted"));
  const given = runs.map((run) => ({
    Trainer: run.trainer,
    "Training data": title(data, run.dataset_version),
    "Started from": title(starts, run.start_from) ?? "nothing",
    ...run.parameters,
  }));
  const took = runs.map((run) => ({
    Time: run.used && duration(run.used.wall_s),
    Processor: run.used?.cpu_s != null ? duration(run.used.cpu_s) : null,
    "Memory at its peak": run.used?.peak_memory_bytes != null ? bytes(run.used.peak_memory_bytes) : null,
    ...Object.fromEntries(environmentRows(run.environment)),
  }));
  return (
    <>
      <Curves runs={runs} />
      <Card title="Side by side" flush>
        <Scrolled label="Side by side" className={css.wide}>
          <table className={tableClass}>
            <thead>
              <tr>
                <th>
                  <span className="visually-hidden">What</span>
                </th>
                {runs.map((run, i) => (
                  <th key={run.id}>
                    <Link className={css.link} to={`/training/${run.id}`}>
                      <i className={css.swatch} style={{ background: COLOURS[i] }} />
                      {version(run)?.title ?? run.model}
                    </Link>
                    <div className={dim}>{clock(new Date(run.started_at ?? run.created_at))}</div>
                    <JobChip state={run.state} />
                  </th>
                ))}
              </tr>
            </thead>
            <Part title="Scores on validation images" rows={sideBySide(runs.map((run) => scores(version(run))))} />
            <Part title="What they were given" rows={sideBySide(given)} />
            <Part title="What they took and ran with" rows={sideBySide(took)} />
          </table>
        </Scrolled>
      </Card>
    </>
  );
}

function Part({ title, rows }: { title: string; rows: Row[] }): ReactNode {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th colSpan={99} scope="rowgroup">
          {title}
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.name} data-differs={row.differs || undefined}>
          <td className={dim}>{titled(row.name)}</td>
          {row.values.map((value, i) => (
            <td key={i} className={row.differs ? css.differs : undefined}>
              {value ?? "–"}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function Curves({ runs }: { runs: TrainingRun[] }) {
  const metrics = [...new Set(runs.flatMap((run) => run.epochs.flatMap((epoch) => Object.keys(epoch.metrics))))];
  const main = ["map50", "accuracy", "f1"].find((name) => metrics.includes(name)) ?? metrics[0];
  const shown = ["loss", ...(main ? [main] : [])];
  return (
    <div className={css.curves}>
      {shown.map((name) => (
        <Card key={name} title={titled(name)}>
          <Overlay
            label={`${titled(name)} over epochs`}
            lines={runs.map((run, i) => ({
              name: run.id,
              colour: COLOURS[i],
              values: run.epochs.map((epoch) => (name === "loss" ? epoch.loss : (epoch.metrics[name] ?? null))),
            }))}
          />
        </Card>
      ))}
    </div>
  );
}

function scores(version: ModelVersion | undefined): Record<string, string> {
  const found = version?.scores?.validation ?? {};
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (typeof value === "number" ? [[name, score(value)]] : [])));
}
