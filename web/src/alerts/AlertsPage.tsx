/* What fired: what is open first, then what is over. */
import { Link } from "react-router";
import { useSearchParams } from "react-router";
import type { Alert, Deployment, Page as Items } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Segmented } from "../design/controls";
import { who } from "../design/format";
import { Card, dim, Empty, Loaded, Page, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import css from "./alerts.module.css";

export default function AlertsPage() {
  const [search, setSearch] = useSearchParams();
  const state = search.get("state") ?? "open";
  const alerts = useRead<Items<Alert>>("/alerts", { state }, { every: 3000, keep: true });
  const deployments = useRead<Items<Deployment>>("/deployments");
  const name = (id: string) => deployments.data?.items.find((deployment) => deployment.id === id)?.name ?? id;
  return (
    <Page
      title="Alerts"
      actions={
        <Segmented
          label="Which alerts"
          value={state}
          onChange={(next) => setSearch({ state: next }, { replace: true })}
          options={[
            { value: "open", title: "Open" },
            { value: "all", title: "All" },
          ]}
        />
      }
    >
      <Loaded query={alerts}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Empty title={state === "open" ? "Nothing is firing" : "No alert has ever fired"}>
                Rules are set on each deployment, under Settings: a metric, above or below, a number.
              </Empty>
            </Card>
          ) : (
            <Card flush>
              <table className={tableClass}>
                <thead>
                  <tr>
                    <th>State</th>
                    <th>What</th>
                    <th>Deployment</th>
                    <th>Since</th>
                    <th>Over</th>
                    <td />
                  </tr>
                </thead>
                <tbody>
                  {items.map((alert) => (
                    <Row key={alert.id} alert={alert} deployment={name(alert.deployment)} />
                  ))}
                </tbody>
              </table>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Row({ alert, deployment }: { alert: Alert; deployment: string }) {
  const send = useSend("/alerts", "/overview", "/deployments");
  return (
    <tr>
      <td>
        {alert.state === "firing" ? (
          <Chip tone="bad" dot>
            Firing
          </Chip>
        ) : (
          <Chip dot>Over</Chip>
        )}
      </td>
      <td className={css.alert}>{alert.sentence}</td>
      <td>
        <Link className={css.link} to={`/deployments/${deployment}`}>
          {deployment}
        </Link>
      </td>
      <td>
        <Time at={alert.since} />
      </td>
      <td>{alert.resolved_at ? <Time at={alert.resolved_at} /> : <span className={dim}>–</span>}</td>
      <td data-n>
        {alert.acknowledged_by ? (
          <span className={dim}>seen by {who(alert.acknowledged_by)}</span>
        ) : (
          <Button small disabled={send.isPending} onClick={() => send.mutate({ method: "POST", path: `/alerts/${alert.id}/acknowledge` })}>
            Acknowledge
          </Button>
        )}
      </td>
    </tr>
  );
}
