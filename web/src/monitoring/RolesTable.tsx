/* The versions that see the same images, side by side: who answers, who only watches, and how each does. */
import { Link } from "react-router";
import type { Dashboard, Measurement } from "../api/types";
import { count, milliseconds, percent, score } from "../design/format";
import { strong, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { num, nums } from "./read";

export type RoleLine = {
  role: string;
  title: string;
  dashboard: Dashboard | undefined;
  /** Its images, as a query of the log. */ query: string;
};

export function RolesTable({ roles }: { roles: RoleLine[] }) {
  return (
    <section className={css.tile} data-flat style={{ "--wide": 12 } as React.CSSProperties} aria-label="Roles">
      <div className={css.slices} tabIndex={0} role="region" aria-label="Roles, a table">
        <table className={tableClass}>
          <thead>
            <tr>
              <th>Version</th>
              <th data-n>Images</th>
              <th data-n>Latency p50</th>
              <th data-n>p95</th>
              <th data-n>Answers an image</th>
              <th data-n>Confidence</th>
              <th data-n>Errors</th>
              <th data-n>Precision</th>
              <th data-n>Recall</th>
              <th data-n>mAP50 / accuracy</th>
            </tr>
          </thead>
          <tbody>
            {roles.map((one) => (
              <Line key={one.role} {...one} />
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.foot}>Precision and recall: estimated for all traffic where random checks allow it, else of the reviewed images</p>
    </section>
  );
}

function Line({ role, title, dashboard, query }: RoleLine) {
  const { find } = useBoard();
  const value = (metric: string, name: string) => {
    const found = dashboard?.metrics[metric] as Measurement | undefined;
    return found?.available ? num(found.value, name) : null;
  };
  const images = value("volume", "images");
  return (
    <tr>
      <td>
        <span className={css.slice}>
          <span className={strong}>{title}</span>
          <Chip>{role}</Chip>
        </span>
      </td>
      <td data-n>{images ? <Link to={find(query)}>{count(images)}</Link> : count(images)}</td>
      <td data-n>{milliseconds(value("latency", "p50"))}</td>
      <td data-n>{milliseconds(value("latency", "p95"))}</td>
      <td data-n>{score(value("detections_per_image", "mean"), 1)}</td>
      <td data-n>{score(value("confidence", "mean"), 2)}</td>
      <td data-n>{percent(value("errors", "share"), 1)}</td>
      <td data-n>
        <Rate dashboard={dashboard} name="precision" />
      </td>
      <td data-n>
        <Rate dashboard={dashboard} name="recall" />
      </td>
      <td data-n>{score(value("average_precision", "map50") ?? value("classification_report", "accuracy"), 2)}</td>
    </tr>
  );
}

/** The estimate for all traffic; where there is none yet, the reviewed images by themselves. */
function Rate({ dashboard, name }: { dashboard: Dashboard | undefined; name: string }) {
  const estimate = dashboard?.estimates.items.find((one) => one.metric === name);
  const report = dashboard?.metrics.detection_report ?? dashboard?.metrics.classification_report;
  const interval = estimate ? [estimate.lower, estimate.upper] : nums(report?.value, `${name}_interval`);
  const known = interval.filter((end): end is number => end !== null);
  return (
    <>
      {score(estimate?.value ?? num(report?.value, name), 2)}
      {known.length === 2 && <small>{known.map((end) => score(end, 2)).join("–")}</small>}
    </>
  );
}
