/* What one version is: labels, input, scores, training data, and where it came from. */
import { Link } from "react-router";
import { apiUrl } from "../api/client";
import type { DatasetVersion, ModelVersion } from "../api/types";
import { useRead } from "../api/use";
import { labelColour } from "../design/colours";
import { bytes, count, score, who } from "../design/format";
import { Card, dim, Rows, tableClass } from "../design/page";
import { Time } from "../design/Time";
import css from "./models.module.css";
import { scoreTable } from "./scores";

export function VersionFacts({ version }: { version: ModelVersion }) {
  return (
    <div className={css.columns}>
      <div className={css.column}>
        <ScoresCard version={version} />
        <TrainingCard version={version} />
      </div>
      <div className={css.column}>
        <Card title={`Labels (${version.labels.length})`}>
          <ul className={css.labels}>
            {version.labels.map((label, i) => (
              <li key={label}>
                <span className={css.swatch} style={{ background: labelColour(label, version.labels) }} />
                {label}
                <span className={dim}>{i}</span>
              </li>
            ))}
          </ul>
        </Card>
        <Card title="Input and file">
          <Rows
            rows={[
              ["Input", `${version.input.width ?? "?"} × ${version.input.height ?? "?"} px`],
              ["Fitted by", text(version.input.resize)],
              ["Colours", text(version.input.colour)],
              ["Outputs read as", version.outputs],
              ["Features for drift", version.has_features ? "yes" : "image statistics only"],
              ["Size", bytes(version.size_bytes)],
              [
                "Artifact",
                <code key="a" title={version.artifact}>
                  {version.artifact.slice(0, 16)}…
                </code>,
              ],
              [
                "",
                <a
                  key="d"
                  className={css.link}
                  href={apiUrl(`/model-versions/${version.id}/artifact`)}
                  download={`${version.model_name}-${version.number}.onnx`}
                >
                  Download the ONNX file
                </a>,
              ],
            ]}
          />
        </Card>
      </div>
    </div>
  );
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function ScoresCard({ version }: { version: ModelVersion }) {
  const { splits, rows } = scoreTable(version);
  return (
    <Card
      title="Scores"
      flush={rows.length > 0}
      aside={version.advised_threshold !== null && <span className={dim}>best F1 at threshold {score(version.advised_threshold, 2)}</span>}
    >
      {rows.length === 0 ? (
        <p className={dim}>Not evaluated yet. Scores come from a training run, or from judging this version in a deployment.</p>
      ) : (
        <table className={tableClass}>
          <thead>
            <tr>
              <th>Metric</th>
              {splits.map((split) => (
                <th key={split} data-n>
                  {split}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <td>{row.title}</td>
                {row.values.map((value, i) => (
                  <td key={splits[i]} data-n>
                    {score(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function TrainingCard({ version }: { version: ModelVersion }) {
  const data = useRead<DatasetVersion>(version.dataset_version ? `/dataset-versions/${version.dataset_version}` : null);
  const parent = useRead<ModelVersion>(version.parent ? `/model-versions/${version.parent}` : null);
  const images = Object.entries(data.data?.images ?? {});
  return (
    <Card title="Where it came from">
      <Rows
        rows={[
          [
            "Training data",
            data.data ? (
              <Link key="l" className={css.link} to={`/datasets/${data.data.dataset_name}/${data.data.number}`}>
                {data.data.title}
              </Link>
            ) : version.dataset_version ? (
              "…"
            ) : (
              "not known"
            ),
          ],
          ["Images", images.map(([split, n]) => `${count(n)} ${split}`).join(", ")],
          [
            "Training run",
            version.training_run && (
              <Link key="l" className={css.link} to={`/training/${version.training_run}`}>
                curve, parameters and log
              </Link>
            ),
          ],
          [
            "Started from",
            parent.data && (
              <Link key="l" className={css.link} to={`/models/${parent.data.model_name}/${parent.data.number}`}>
                {parent.data.title}
              </Link>
            ),
          ],
          ["Made", <Time key="t" at={version.created_at} />],
          ["By", who(version.created_by)],
          ["Note", version.note],
        ]}
      />
    </Card>
  );
}
