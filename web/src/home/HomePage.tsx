/* The first page: every deployment and how it is doing, or how to get the first one. */
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import type { Overview } from "../api/types";
import { useRead } from "../api/use";
import { Input, Segmented } from "../design/controls";
import { Card, dim, Loaded, Page, tableClass } from "../design/page";
import { DeploymentLine } from "./DeploymentLine";
import { FirstRun } from "./FirstRun";
import { health, type Row } from "./health";
import css from "./home.module.css";

const SEARCHED_FROM = 5;

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

function Deployments({ rows }: { rows: Row[] }) {
  const [wanted, setWanted] = useState("");
  const [which, setWhich] = useState("all");
  const navigate = useNavigate();
  const search = useSlash();
  const needing = rows.filter((row) => health(row) !== null);
  const shown = (which === "needing" ? needing : rows).filter((row) =>
    [row.deployment.name, row.deployment.champion?.title, row.deployment.shadow?.title]
      .join(" ")
      .toLowerCase()
      .includes(wanted.toLowerCase()),
  );
  return (
    <Card flush>
      {(rows.length >= SEARCHED_FROM || needing.length > 0) && (
        <div className={css.search}>
          {rows.length >= SEARCHED_FROM && (
            <Input
              ref={search}
              type="search"
              placeholder="Find a deployment or model"
              aria-label="Find a deployment or model"
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          )}
          <Segmented
            label="Which deployments"
            value={which}
            onChange={setWhich}
            options={[
              { value: "all", title: `All ${rows.length}` },
              { value: "needing", title: `Needs a look ${needing.length}` },
            ]}
          />
        </div>
      )}
      <table className={`${tableClass} ${css.table}`}>
        <thead>
          <tr>
            <th>Deployment</th>
            <th>Version</th>
            <th>Images</th>
            <th>Latency</th>
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
      {shown.length === 0 && <p className={`${css.none} ${dim}`}>{wanted ? "No deployment is called that." : "Nothing needs a look."}</p>}
    </Card>
  );
}

/** `/` goes to the search, as on every page. */
function useSlash() {
  const place = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "/" || !place.current || (event.target as HTMLElement).matches("input, textarea, select")) return;
      event.preventDefault();
      place.current.focus();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  return place;
}
