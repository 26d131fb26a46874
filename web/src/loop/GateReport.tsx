/* What is kept with a decision: the labels and sources that moved, the images it fixes and every one it breaks. */
import { useState } from "react";
import { Link } from "react-router";
import { imageUrl } from "../api/client";
import type { Compared, Decision, Flip, GateReport as Report } from "../api/types";
import { useGet } from "../api/use";
import { Button } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { bytes, count, milliseconds, plural, score } from "../design/format";
import { dim, tableClass } from "../design/page";
import { Chip, type Tone } from "../design/status";
import css from "./loop.module.css";
import { summary } from "./summary";

export function GateReport({ decision, report }: { decision: Decision; report: Report }) {
  return (
    <div className={css.report}>
      <p>{summary(report)}</p>
      <Images decision={decision} images={report.images} />
      <details>
        <summary>Label by label</summary>
        <Parts title="Label" unit="Test objects" parts={report.labels} />
        {report.new_labels.length > 0 && (
          <p className={dim}>
            New, measured apart:{" "}
            {report.new_labels.map((label) => `${label.name} ${score(label.score)} on ${count(label.count)} objects`).join(", ")}
          </p>
        )}
        {report.sources.length > 0 && <Parts title="Source" unit="Test images" parts={report.sources} />}
        <p className={dim}>
          {report.speed &&
            `Median time of an image: ${milliseconds(report.speed.champion_ms)} before, ${milliseconds(report.speed.candidate_ms)} after (${plural(report.speed.images, "image")} in turn). `}
          {report.sizes && `Model file: ${bytes(report.sizes.champion)} before, ${bytes(report.sizes.candidate)} after.`}
        </p>
      </details>
    </div>
  );
}

function Images({ decision, images }: { decision: Decision; images: Report["images"] }) {
  const [all, setAll] = useState(false);
  const whole = useGet(all ? `/decisions/${decision.id}` : null);
  const broken = whole.data?.report?.images.broken ?? images.broken;
  return (
    <>
      <Strip title={`Fixed: ${count(images.fixes)}`} by={images.by} flips={images.fixed} />
      <Strip title={`Broken: ${count(images.breaks)}`} by={images.by} flips={broken}>
        {broken.length < images.breaks && (
          <Button small disabled={all} onClick={() => setAll(true)}>
            Show all {count(images.breaks)}
          </Button>
        )}
      </Strip>
    </>
  );
}

type StripProps = { title: string; by: "answer" | "f1"; flips: Flip[]; children?: React.ReactNode };

function Strip({ title, by, flips, children }: StripProps) {
  const { deployment } = useDeployment();
  if (flips.length === 0) return null;
  return (
    <section className={css.strip} aria-label={title}>
      <h4>{title}</h4>
      <ul>
        {flips.map((flip) => (
          <li key={flip.asset}>
            <Thumbnail flip={flip} to={flip.prediction && `/deployments/${deployment.name}/predictions/${flip.prediction}`} by={by} />
          </li>
        ))}
      </ul>
      {children}
    </section>
  );
}

function Thumbnail({ flip, to, by }: { flip: Flip; to: string | null; by: "answer" | "f1" }) {
  const better = flip.after > flip.before;
  const said =
    by === "answer" ? (better ? "now right" : "now wrong") : `F1 ${score(flip.before, 2)} → ${score(flip.after, 2)}${objects(flip.found)}`;
  const content = (
    <>
      <img src={imageUrl(flip.asset, 160)} alt={`Test image, ${said}`} loading="lazy" decoding="async" />
      <small>{said}</small>
    </>
  );
  return to ? <Link to={to}>{content}</Link> : <a href={imageUrl(flip.asset)}>{content}</a>;
}

function objects(found: number): string {
  if (found === 0) return "";
  return found > 0 ? `, ${plural(found, "object")} more` : `, ${plural(-found, "object")} lost`;
}

const STATE: Record<Compared["state"], Tone> = { worse: "bad", better: "ok", "no different": "plain", "not assessed": "warn" };

function Parts({ title, unit, parts }: { title: string; unit: string; parts: Compared[] }) {
  const points = (value: number | null) =>
    value === null ? "–" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value * 100).toFixed(1)}`;
  return (
    <div className={css.parts} tabIndex={0} role="region" aria-label={`${title} by ${title.toLowerCase()}, a table`}>
      <table className={tableClass}>
        <thead>
          <tr>
            <th>{title}</th>
            <th data-n>Champion</th>
            <th data-n>Candidate</th>
            <th data-n>Points</th>
            <th data-n>{unit}</th>
            <th>Judged</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.name}>
              <td>
                {part.name} {part.critical && <Chip tone="warn">critical</Chip>}
              </td>
              <td data-n>{score(part.champion)}</td>
              <td data-n>{score(part.candidate)}</td>
              <td data-n className={css.keep}>
                {points(part.difference)} {part.lower !== null && `(${points(part.lower)} to ${points(part.upper)})`}
              </td>
              <td data-n>{count(part.count)}</td>
              <td>
                <Chip tone={STATE[part.state]}>{part.state}</Chip>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
