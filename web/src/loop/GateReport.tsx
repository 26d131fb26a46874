/* What is kept with a decision: the labels and sources that moved, the images it fixes and every one it breaks. */
import { useState } from "react";
import { imageUrl } from "../api/client";
import type { Compared, Decision, Flip, GateReport as Report } from "../api/types";
import { useGet } from "../api/use";
import { Button } from "../design/controls";
import { bytes, count, milliseconds, plural, score } from "../design/format";
import { dim, tableClass } from "../design/page";
import { Chip, type Tone } from "../design/status";
import { FlipViewer } from "./FlipViewer";
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
      <Strip title={`Fixed: ${count(images.fixes)}`} decision={decision} images={images} flips={images.fixed} />
      <Strip title={`Broken: ${count(images.breaks)}`} decision={decision} images={images} flips={broken}>
        {broken.length < images.breaks && (
          <Button small disabled={all} onClick={() => setAll(true)}>
            Show all {count(images.breaks)}
          </Button>
        )}
      </Strip>
    </>
  );
}

type StripProps = { title: string; decision: Decision; images: Report["images"]; flips: Flip[]; children?: React.ReactNode };

function Strip({ title, decision, images, flips, children }: StripProps) {
  const [open, setOpen] = useState<number | null>(null);
  if (flips.length === 0) return null;
  const says = (flip: Flip) => became(flip, images.by);
  return (
    <section className={css.strip} aria-label={title}>
      <h4>{title}</h4>
      <ul>
        {flips.map((flip, i) => (
          <li key={flip.asset}>
            <button type="button" disabled={!images.thresholds} onClick={() => setOpen(i)}>
              <img src={imageUrl(flip.asset, 160)} alt={`Test image, ${says(flip)}`} loading="lazy" decoding="async" />
              <small>{says(flip)}</small>
            </button>
          </li>
        ))}
      </ul>
      {children}
      {open !== null && images.thresholds && (
        <FlipViewer
          title={title.replace(/:.*/, "")}
          decision={decision}
          thresholds={images.thresholds}
          flips={flips}
          first={open}
          says={says}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}

function became({ before, after, found }: Flip, by: "answer" | "f1"): string {
  if (by === "answer") return after > before ? "now right" : "now wrong";
  return `F1 ${score(before, 2)} → ${score(after, 2)}${objects(found)}`;
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
