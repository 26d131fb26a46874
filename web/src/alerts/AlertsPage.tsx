/* What fired: what is open, and what was; what was told since somebody last looked; the rules and the channels. */
import { useSearchParams } from "react-router";
import type { Alert, AlertNotice, Deployment, Page as Items } from "../api/types";
import { usePages, useRead, useSend } from "../api/use";
import { Button, Segmented, Select } from "../design/controls";
import { More } from "../design/More";
import { Card, Empty, Loaded, Page, tableClass } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import { AlertRow } from "./AlertRow";
import css from "./alerts.module.css";
import { Channels } from "./Channels";
import { Rules } from "./Rules";

export default function AlertsPage() {
  const [search, setSearch] = useSearchParams();
  const state = search.get("state") === "all" ? "all" : "open";
  const about = search.get("deployment") ?? "";
  const pages = usePages<Alert>("/alerts", { state, deployment: about, limit: 50 }, (loaded) => (loaded > 1 ? 15000 : 3000));
  const deployments = useRead<Items<Deployment>>("/deployments");
  const known = deployments.data?.items ?? [];
  const name = (id: string) => known.find((deployment) => deployment.id === id)?.name ?? id;
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const change = (values: Record<string, string>) =>
    setSearch(Object.fromEntries(Object.entries({ state, deployment: about, ...values }).filter(([, value]) => value !== "")), {
      replace: true,
    });
  return (
    <Page
      title="Alerts"
      actions={
        <>
          {(known.length > 1 || about) && (
            <Select
              aria-label="Deployment"
              style={{ maxWidth: 320 }}
              value={about}
              onChange={(event) => change({ deployment: event.target.value })}
              options={[{ value: "", title: "All deployments" }, ...known.map((one) => ({ value: one.id, title: one.name }))]}
            />
          )}
          <Segmented
            label="Which alerts"
            value={state}
            onChange={(next) => change({ state: next })}
            options={[
              { value: "open", title: "Open" },
              { value: "all", title: "History" },
            ]}
          />
        </>
      }
    >
      <Inbox />
      <Loaded query={pages}>
        {() =>
          items.length === 0 ? (
            <Card>
              <Empty title={state === "open" ? "Nothing is firing" : "No alert has ever fired"}>
                Rules are set on each deployment, under Settings: a metric, above or below, a number.
              </Empty>
            </Card>
          ) : (
            <Card flush>
              <table className={`${tableClass} ${css.table}`}>
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
                    <AlertRow key={alert.id} alert={alert} deployment={name(alert.deployment)} />
                  ))}
                </tbody>
              </table>
              <More pages={pages}>Older alerts</More>
            </Card>
          )
        }
      </Loaded>
      <Rules about={about} name={name} />
      <Channels />
    </Page>
  );
}

/** What was told into the pages, and what alerts say of themselves, until somebody has seen it. */
function Inbox() {
  const notices = useRead<Items<AlertNotice>>("/alert-notices", undefined, { every: 10000 });
  const send = useSend("/alert-notices");
  const items = notices.data?.items ?? [];
  if (items.length === 0) return null;
  const ids = items.map((notice) => notice.id);
  return (
    <Card
      title="Told since you last looked"
      aside={
        <Button small disabled={send.isPending} onClick={() => send.mutate({ method: "POST", path: "/alert-notices/seen", body: { ids } })}>
          Seen
        </Button>
      }
    >
      <ul className={css.notices}>
        {items.map((notice) => (
          <li key={notice.id}>
            <span>{notice.sentence}</span>
            <Time at={notice.at} />
          </li>
        ))}
      </ul>
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
    </Card>
  );
}
