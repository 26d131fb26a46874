/* What a version scores: on each split it was judged on, and label by label on the one that is looked at. */
import { useState } from "react";
import type { DatasetVersion, Evaluation, ModelVersion } from "../api/types";
import { useGet, useReads } from "../api/use";
import { labelColour } from "../design/colours";
import { count, plural, score, words } from "../design/format";
import { Card, dim, tableClass } from "../design/page";
import { Chip, Notice } from "../design/status";
import { Segmented } from "../design/controls";
import { EvaluateButton } from "./EvaluateDialog";
import css from "./models.module.css";
import { SCORE_TITLES } from "../design/scoreTitles";
import { Scrolled } from "../design/Scrolled";
import { labelTable } from "./scores";

export function Evaluations({ version }: { version: ModelVersion }) {
  const query = useGet("/evaluations", { model_version: version.id }, { every: 4000 });
  const all = query.data?.items ?? [];
  const data = useReads<DatasetVersion>([...new Set(all.map((one) => one.dataset_version))].map((id) => `/dataset-versions/${id}`));
  const [picked, setPicked] = useState<string | null>(null);
  const done = all.filter((one) => one.state === "succeeded").slice(0, 6);
  const chosen = done.find((one) => one.id === picked) ?? done.find((one) => one.split === "test") ?? done[0];
  const name = (one: Evaluation) =>
    `${data.find((found) => found.id === one.dataset_version)?.title ?? "…"} ${words(one.split).toLowerCase()}${one.part === "all" ? "" : `, ${one.part} half`}`;
  return (
    <Card
      title="Scores"
      aside={
        <span className={css.aside}>
          {version.advised_threshold !== null && <span className={dim}>best F1 at threshold {score(version.advised_threshold, 2)}</span>}
          <EvaluateButton version={version} />
        </span>
      }
    >
      <div className={css.column}>
        {all
          .filter((one) => one.state === "queued" || one.state === "running")
          .map((one) => (
            <Chip key={one.id} tone="now" dot busy>
              Evaluating on {name(one)}
            </Chip>
          ))}
        {all[0]?.state === "failed" && <Notice tone="bad">The last evaluation failed: {all[0].error ?? "no reason was given"}</Notice>}
        {chosen ? (
          <>
            {done.length > 1 && (
              <div className={css.scroll}>
                <Segmented
                  label="Evaluation"
                  value={chosen.id}
                  onChange={setPicked}
                  options={done.map((one) => ({ value: one.id, title: name(one) }))}
                />
              </div>
            )}
            <Whole evaluation={chosen} name={name(chosen)} />
            <ByLabel evaluation={chosen} labels={version.labels} />
          </>
        ) : (
          query.data && <p className={dim}>Not evaluated yet. Scores come with a training run, or from images you choose here.</p>
        )}
      </div>
    </Card>
  );
}

function Whole({ evaluation, name }: { evaluation: Evaluation; name: string }) {
  const known = Object.entries(evaluation.scores).filter(([, value]) => value !== null);
  return (
    <>
      <dl className={css.scores}>
        {known.map(([key, value]) => (
          <div key={key}>
            <dt>{SCORE_TITLES[key] ?? words(key)}</dt>
            <dd>{score(value)}</dd>
          </div>
        ))}
      </dl>
      <p className={dim}>
        {name}: {plural(evaluation.images, "image")}
      </p>
    </>
  );
}

function ByLabel({ evaluation, labels }: { evaluation: Evaluation; labels: readonly string[] }) {
  const { columns, rows } = labelTable(evaluation.labels);
  if (rows.length === 0) return null;
  const main = columns[0];
  return (
    <Scrolled label="Scores by label" className={css.scroll}>
      <table className={tableClass}>
        <thead>
          <tr>
            <th>Label</th>
            <th aria-label={main.title} />
            {columns.map((column) => (
              <th key={column.name} data-n>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <td>
                <span className={css.named}>
                  <span className={css.swatch} style={{ background: labelColour(row.label, labels) }} />
                  {row.label}
                </span>
              </td>
              <td className={css.bar}>
                <span style={{ width: `${(row.values[0] ?? 0) * 100}%`, background: labelColour(row.label, labels) }} />
              </td>
              {row.values.map((value, i) => (
                <td key={columns[i].name} data-n>
                  {columns[i].counted ? count(value) : score(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
