/* One deployment in the table: what answers, how much, how fast, how far from usual, how far reviewed, what needs a person. */
import { Link } from "react-router";
import { Cut } from "../design/Cut";
import { count, milliseconds, percent, score } from "../design/format";
import { dim, strong } from "../design/page";
import { Sparkline, SparkLine } from "../design/Sparkline";
import { Bar, Chip, ServingChip } from "../design/status";
import { Time } from "../design/Time";
import { health, type Row } from "./health";
import css from "./home.module.css";

function Beside({ title, role }: { title: string; role: string }) {
  return (
    <span className={css.shadow}>
      <Cut>{title}</Cut>
      <span>, {role}</span>
    </span>
  );
}

export function DeploymentLine({ row, open }: { row: Row; open: () => void }) {
  const { deployment } = row;
  const known = row.reviewed + row.pending;
  const need = health(row);
  const own = (event: React.MouseEvent) => event.stopPropagation();
  return (
    <tr data-link onClick={open}>
      <td>
        <div className={css.name}>
          <Link to={`/deployments/${deployment.name}`} className={strong} onClick={own}>
            {deployment.name}
          </Link>
          <ServingChip serving={deployment.serving} />
          {Boolean(deployment.settings?.simulated) && <Chip>Simulated</Chip>}
        </div>
        {need && (
          <Link to={need.to} className={css.need} data-tone={need.tone} onClick={own}>
            {need.text.charAt(0).toUpperCase() + need.text.slice(1)}
          </Link>
        )}
      </td>
      <td data-title="Version">
        <div className={css.versions}>
          {deployment.champion ? <Cut>{deployment.champion.title}</Cut> : <span className={dim}>none</span>}
          {deployment.shadow && <Beside title={deployment.shadow.title} role="shadow" />}
          {deployment.canary && <Beside title={deployment.canary.title} role="canary" />}
        </div>
      </td>
      <td data-title="Images">
        <div className={css.trend}>
          <Sparkline values={row.volume} title="Images in each of the last 24 hours it was used" />
          <span>{count(row.predictions)}</span>
        </div>
      </td>
      <td data-title="Latency">
        <div className={css.trend}>
          <SparkLine values={row.latency} title="Median latency in each of the last 24 hours it was used" />
          <span>{milliseconds(row.p50_ms)}</span>
        </div>
      </td>
      <td data-n data-title="Drift">
        {row.drift === null ? <span className={dim}>–</span> : score(row.drift, 2)}
      </td>
      <td data-title="Reviewed">
        <div className={css.reviewed} title={`${count(row.reviewed)} reviewed, ${count(row.pending)} to review`}>
          <Bar value={row.reviewed} total={known} label="Reviewed" />
          <span className={dim}>{known ? percent(row.reviewed / known) : "–"}</span>
        </div>
      </td>
      <td data-n data-title="Last image">
        <Time at={row.last_prediction_at} />
      </td>
    </tr>
  );
}
