/* Who answered when, and the way back to the champion before. */
import { Fragment } from "react";
import { asSentence } from "../api/sentence";
import type { Deployment, Loop, RolePeriod } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button } from "../design/controls";
import { Confirm } from "../design/Dialog";
import { who, words } from "../design/format";
import { Card, dim, Loaded, strong, tableClass } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import { CanaryShare } from "./CanaryShare";
import { GiveRoleButton } from "./GiveRole";
import css from "./loop.module.css";
import { PromoteButton } from "./Promote";
import { shown } from "./ThresholdThen";

export function Roles({ deployment, loop }: { deployment: Deployment; loop: Loop | null }) {
  const roles = useGet(`/deployments/${deployment.name}/roles`, undefined, { every: 4000 });
  const send = useSend("/deployments", "/overview");
  const path = `/deployments/${deployment.name}`;
  const before = loop?.back_to;
  const give = (role: RolePeriod["role"], version: string | null, reason: string, threshold: number | null = null) =>
    send.mutate({ method: "POST", path: `${path}/roles`, body: { role, model_version: version, reason, threshold } });
  return (
    <Card
      title="Roles"
      flush
      aside={
        <div className={css.actions}>
          <GiveRoleButton deployment={deployment} />
          {(["shadow", "canary"] as const).map((role) => {
            const version = deployment[role];
            return (
              version && (
                <Fragment key={role}>
                  <PromoteButton
                    deployment={deployment}
                    version={version}
                    promote={(threshold) => give("champion", version.id, `promoted from ${role}`, threshold)}
                  />
                  <Button small disabled={send.isPending} onClick={() => give(role, null, `${role} stopped`)}>
                    Stop the {role}
                  </Button>
                </Fragment>
              )
            );
          })}
          {before && (
            <Confirm
              small
              danger
              button="Roll back"
              title={`Roll back to ${before.title}?`}
              lead={`${before.title} answers again, ${deployment.champion?.title} leaves after its last request. Predictions, reviews and versions stay.`}
              action="Roll back"
              onConfirm={() =>
                send.mutate({
                  method: "POST",
                  path: `${path}/rollback`,
                  body: { reason: "rolled back by hand", champion: deployment.champion?.id },
                })
              }
            />
          )}
        </div>
      }
    >
      <CanaryShare deployment={deployment} />
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
      <Loaded query={roles}>
        {({ items }) => (
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Role</th>
                <th>Version</th>
                <th>From</th>
                <th>Until</th>
                <th>Threshold</th>
                <th>Why</th>
                <th>By</th>
              </tr>
            </thead>
            <tbody>
              {items.map((period, i) => (
                <tr key={i}>
                  <td>{words(period.role)}</td>
                  <td className={`${strong} ${css.keep}`}>{period.model_version?.title ?? "none"}</td>
                  <td className={css.keep}>
                    <Time at={period.since} />
                  </td>
                  <td className={css.keep}>{period.until ? <Time at={period.until} /> : <span className={dim}>now</span>}</td>
                  <td className={css.keep}>{moved(period)}</td>
                  <td className={css.why}>{asSentence(period.reason)}</td>
                  <td className={css.keep}>{who(period.by)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Card>
  );
}

/** The threshold with which a champion began, and the one before where that was another. */
function moved({ threshold, threshold_before }: RolePeriod): string {
  if (threshold === null) return "";
  return threshold_before === null || threshold_before === threshold
    ? shown(threshold)
    : `${shown(threshold_before)} → ${shown(threshold)}`;
}
