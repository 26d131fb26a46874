/* One deployment in the table: what answers, how much, how far from usual, how far reviewed. */
import { Link } from "react-router";
import type { DeploymentRow } from "../api/types";
import { count, milliseconds, percent, plural, score } from "../design/format";
import { dim, strong } from "../design/page";
import { Sparkline } from "../design/Sparkline";
import { Bar, Chip, ServingChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./home.module.css";

export function DeploymentLine({ row, open }: { row: DeploymentRow; open: () => void }) {
  const { deployment } = row;
  const known = row.reviewed + row.pending;
  return (
    <tr data-link onClick={open}>
      <td>
        <div className={css.name}>
          <Link to={`/deployments/${deployment.name}`} className={strong} onClick={(event) => event.stopPropagation()}>
            {deployment.name}
          </Link>
          <ServingChip serving={deployment.serving} />
          {Boolean(deployment.settings?.simulated) && <Chip>Simulated</Chip>}
          {row.open_alerts > 0 && <Chip tone="bad">{plural(row.open_alerts, "alert")}</Chip>}
        </div>
      </td>
      <td>{deployment.champion?.title ?? <span className={dim}>none</span>}</td>
      <td>{deployment.shadow?.title ?? <span className={dim}>–</span>}</td>
      <td>
        <Sparkline values={row.volume} title="Images over the last 24 intervals" />
      </td>
      <td data-n>{count(row.predictions)}</td>
      <td data-n>{milliseconds(row.p50_ms)}</td>
      <td data-n>{row.drift === null ? <span className={dim}>–</span> : score(row.drift, 2)}</td>
      <td>
        <div className={css.reviewed} title={`${count(row.reviewed)} reviewed, ${count(row.pending)} to review`}>
          <Bar value={row.reviewed} total={known} label="Reviewed" />
          <span className={dim}>{known ? percent(row.reviewed / known) : "–"}</span>
        </div>
      </td>
      <td data-n>
        <Time at={row.last_prediction_at} />
      </td>
    </tr>
  );
}
