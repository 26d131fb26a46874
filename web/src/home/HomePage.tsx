/* The first page: every deployment and how it is doing, or how to get the first one. */
import { useState } from "react";
import { useNavigate } from "react-router";
import type { DeploymentRow, Overview } from "../api/types";
import { useRead } from "../api/use";
import { Input } from "../design/controls";
import { Card, dim, Loaded, Page, tableClass } from "../design/page";
import { DeploymentLine } from "./DeploymentLine";
import { FirstRun } from "./FirstRun";
import css from "./home.module.css";

export function HomePage() {
  const overview = useRead<Overview>("/overview", undefined, { every: 4000 });
  const empty = overview.data?.deployments.length === 0;
  if (empty) return <FirstRun />;
  return (
    <Page title="Deployments">
      <Loaded query={overview} height={240}>
        {(data) => <Deployments rows={data.deployments} />}
      </Loaded>
    </Page>
  );
}

function Deployments({ rows }: { rows: DeploymentRow[] }) {
  const [wanted, setWanted] = useState("");
  const navigate = useNavigate();
  const shown = rows.filter((row) =>
    `${row.deployment.name} ${row.deployment.champion?.title ?? ""}`.toLowerCase().includes(wanted.toLowerCase()),
  );
  return (
    <Card flush>
      {rows.length > 6 && (
        <div className={css.search}>
          <Input
            type="search"
            placeholder="Find a deployment or model"
            aria-label="Find a deployment or model"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </div>
      )}
      <table className={tableClass}>
        <thead>
          <tr>
            <th>Deployment</th>
            <th>Champion</th>
            <th>Shadow</th>
            <th>Volume</th>
            <th data-n>Images</th>
            <th data-n>Typical latency</th>
            <th data-n>Drift</th>
            <th>Reviewed</th>
            <th data-n>Last image</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <DeploymentLine key={row.deployment.id} row={row} open={() => void navigate(`/deployments/${row.deployment.name}`)} />
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p className={`${css.none} ${dim}`}>No deployment is called that.</p>}
    </Card>
  );
}
