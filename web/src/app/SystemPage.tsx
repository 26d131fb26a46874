/* The server itself: which version, where it keeps things, how much room there is, what each deployment takes. */
import { Link } from "react-router";
import type { Deployment, Storage } from "../api/types";
import { useGet, useReads, useSend } from "../api/use";
import { BackUps } from "./BackUp";
import { Button } from "../design/controls";
import { bytes, count, lasting } from "../design/format";
import { Card, dim, Loaded, Page, Rows, strong, tableClass } from "../design/page";
import { Bar, Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./settings.module.css";

export default function SystemPage() {
  const system = useGet("/system", undefined, { every: 10_000 });
  const deployments = useGet("/deployments");
  const names = (deployments.data?.items ?? []).map((one) => one.name);
  const storage = useReads<Storage>(names.map((name) => `/deployments/${name}/storage`));
  const room = storage.find((one) => one.disk_total !== null);
  return (
    <Page title="System">
      <Loaded query={system} height={160}>
        {(found) => (
          <>
            {found.trouble && <Notice tone="bad">{found.trouble}</Notice>}
            <Card title="Server">
              <Rows
                rows={[
                  ["Version", found.version],
                  ["Home folder", <code key="h">{found.home}</code>],
                  ["Survives", found.durability === "power" ? "a power cut" : "the end of the process at any moment"],
                  [
                    "Disk",
                    room && room.disk_total !== null && room.disk_free !== null ? (
                      <span key="d" className={css.disk}>
                        {bytes(room.disk_free)} of {bytes(room.disk_total)} free
                        <Bar value={room.disk_total - room.disk_free} total={room.disk_total} label="Disk in use" />
                      </span>
                    ) : found.free_bytes === null ? null : (
                      `${bytes(found.free_bytes)} free`
                    ),
                  ],
                  ["Database", found.database === "sqlite" ? "SQLite, inside the folder" : "PostgreSQL"],
                  ["Lets in", found.asks_for_token ? "whoever has its token" : "programs on this machine, without a token"],
                  ["Started", <Time key="s" at={found.started_at} />],
                  [
                    "Health",
                    found.trouble ? null : (
                      <Chip key="c" tone="ok" dot>
                        the log can be written
                      </Chip>
                    ),
                  ],
                  [
                    "API",
                    <Link key="a" className={css.link} to="/system/api">
                      Every address
                    </Link>,
                  ],
                ]}
              />
            </Card>
            <BackUps system={found} />
          </>
        )}
      </Loaded>
      <Archived />
      {storage.length > 0 && (
        <Card title="Images of each deployment" flush>
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Deployment</th>
                <th data-n>Kept</th>
                <th data-n>They take</th>
                <th data-n>A day</th>
                <th data-n>Full in</th>
                <th data-n>Oldest</th>
              </tr>
            </thead>
            <tbody>
              {storage.map((one) => (
                <tr key={one.deployment}>
                  <td>
                    <Link className={strong} to={`/deployments/${one.deployment}/settings#storage`}>
                      {one.deployment}
                    </Link>
                  </td>
                  <td data-n>{count(one.images_kept)}</td>
                  <td data-n>{bytes(one.bytes_kept)}</td>
                  <td data-n>
                    {one.forecast.early ? <span className={dim}>too early to tell</span> : bytes(one.forecast.gb_per_day * 1e9)}
                  </td>
                  <td data-n>
                    {one.forecast.early || one.forecast.days_left === null ? (
                      <span className={dim}>–</span>
                    ) : (
                      lasting(one.forecast.days_left)
                    )}
                  </td>
                  <td data-n>
                    <Time at={one.oldest_kept} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      )}
    </Page>
  );
}

/** Deployments that were put away. */
function Archived() {
  const away = useGet("/deployments", { archived: true });
  const restore = useSend<Deployment>("/deployments", "/overview");
  const items = away.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card title="Archived deployments" flush>
      <table className={tableClass}>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <td>
                <Link className={strong} to={`/deployments/${one.name}`}>
                  {one.name}
                </Link>
              </td>
              <td>
                archived <Time at={one.archived_at} />
              </td>
              <td data-n>
                <Button
                  small
                  aria-label={`Restore ${one.name}`}
                  disabled={restore.isPending}
                  onClick={() => restore.mutate({ method: "POST", path: `/deployments/${one.name}/restore` })}
                >
                  Restore
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {restore.error && <Notice tone="bad">{restore.error.message}</Notice>}
    </Card>
  );
}
