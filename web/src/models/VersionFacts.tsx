/* What one version is: scores, curve, where it came from, labels, input and file. */
import { apiUrl } from "../api/client";
import type { ModelVersion } from "../api/types";
import { labelColour } from "../design/colours";
import { bytes } from "../design/format";
import { Card, dim, Rows } from "../design/page";
import { Notice } from "../design/status";
import { Ancestors } from "./Ancestors";
import { Evaluations } from "./Evaluations";
import css from "./models.module.css";
import { TrainingCurve } from "./TrainingCurve";

export function VersionFacts({ version }: { version: ModelVersion }) {
  return (
    <div className={css.columns}>
      <div className={css.column}>
        <Evaluations version={version} />
        {version.training_run && <TrainingCurve id={version.training_run} />}
        <Ancestors version={version} />
      </div>
      <div className={css.column}>
        <Card title="Labels" aside={<span className={dim}>{version.labels.length}, with their index</span>}>
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
          {version.assumed.length > 0 && (
            <Notice tone="warn">The file does not say, so it was assumed: {version.assumed.join("; ")}.</Notice>
          )}
          <Rows
            rows={[
              [
                "Input",
                `${version.input.width} × ${version.input.height} px, ${version.input.colour.toUpperCase()}, ${version.input.dtype}`,
              ],
              ["Fitted by", version.input.resize],
              ["Value", normalised(version)],
              ["Outputs read as", version.outputs],
              ["Features for drift", version.features || (version.has_features ? "from the model" : "image statistics only")],
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

/** What becomes of a pixel before the model sees it. */
function normalised({ input }: ModelVersion): string {
  const [scale, mean, std] = [input.scale, new Set(input.mean), new Set(input.std)];
  if (Math.abs(scale * 255 - 1) < 1e-6 && mean.size === 1 && mean.has(0) && std.size === 1 && std.has(1)) return "0 to 1";
  const list = (values: readonly number[]) => [...new Set(values)].map((value) => Number(value.toPrecision(3))).join(", ");
  return `(pixel × ${Number(input.scale.toPrecision(3))} − ${list(input.mean)}) ÷ ${list(input.std)}`;
}
