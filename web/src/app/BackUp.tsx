/* Back-ups: one press makes one while the server goes on answering; those that are there, and how each is brought back. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { apiUrl } from "../api/client";
import type { BackUp as Made, Job, System } from "../api/types";
import { useGet, useSend } from "../api/use";
import { quoted } from "../deployments/commands";
import { Button, Snippet } from "../design/controls";
import { Confirm, Dialog } from "../design/Dialog";
import { bytes, count, plural } from "../design/format";
import { Card, dim, Loaded, strong, tableClass } from "../design/page";
import { Bar, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./settings.module.css";

const OPEN = ["queued", "running"];

export function BackUps({ system }: { system: System }) {
  const client = useQueryClient();
  const made = useGet("/system/back-ups");
  const jobs = useGet("/jobs", { kind: "back-up", limit: 1 }, { every: 2000 });
  const begin = useSend<Job>("/jobs", "/system");
  const remove = useSend<Job>("/jobs", "/system");
  const last = jobs.data?.items[0];
  const going = last && OPEN.includes(last.state) ? last : null;
  const ended = last && !going ? last.id : null;
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: ["/system/back-ups"] });
  }, [ended, client]);
  return (
    <Card
      title="Back-up"
      id="back-up"
      flush
      aside={
        <Button
          small
          disabled={begin.isPending || going !== null}
          onClick={() => begin.mutate({ method: "POST", path: "/system/back-ups" })}
        >
          {going ? "Backing up…" : "Back up now"}
        </Button>
      }
    >
      <Loaded query={made}>
        {(found) => (
          <>
            <div className={css.said}>
              <p className={dim}>
                Database, images and models as they are at one moment, in <code>{found.folder}</code>. The server goes on answering
                meanwhile.
              </p>
              {found.same_disk && (
                <Notice tone="warn">
                  That is the disk everything else is on. Download a back-up to another machine, or start the server with{" "}
                  <code>RELENS_BACK_UPS</code> set to a folder on another disk.
                </Notice>
              )}
              {begin.error && <Notice tone="bad">{begin.error.message}</Notice>}
              {remove.error && <Notice tone="bad">{remove.error.message}</Notice>}
              {going && <Going job={going} />}
              {last?.state === "failed" && (
                <Notice tone="bad">
                  The last back-up failed: {last.error} <Link to="/jobs?state=failed">Jobs</Link>
                </Notice>
              )}
            </div>
            {found.items.length > 0 && (
              <BackUpTable
                items={found.items}
                database={system.database}
                remove={(name) => remove.mutate({ method: "DELETE", path: `/system/back-ups/${name}` })}
              />
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Going({ job }: { job: Job }) {
  return (
    <div className={css.progress} aria-live="polite">
      <span>
        {job.message || "Waiting for its turn"}
        {job.total ? ` · ${count(job.done)} of ${count(job.total)}` : ""}
      </span>
      <Bar value={job.done} total={job.total || 1} label="Back-up" />
    </div>
  );
}

function BackUpTable({ items, database, remove }: { items: Made[]; database: string; remove: (name: string) => void }) {
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th>Back-up</th>
          <th>As it was</th>
          <th data-n>Files</th>
          <th data-n>Size</th>
          <th data-n>Newly written</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.name}>
            <td className={strong}>{one.name}</td>
            <td>
              <Time at={one.at} />
            </td>
            <td data-n>{count(one.files)}</td>
            <td data-n>{bytes(one.size_bytes)}</td>
            <td data-n title="The rest is shared with what lay on the disk already">
              {bytes(one.written_bytes)}
            </td>
            <td data-n>
              <span className={css.buttons}>
                <a className={css.link} href={apiUrl(`/system/back-ups/${one.name}/tar`)} download={`${one.name}.tar`}>
                  Download
                </a>
                <BringBack made={one} database={database} />
                <Confirm
                  small
                  danger
                  button="Delete"
                  title={`Delete ${one.name}?`}
                  lead={`${plural(one.files, "file")}, gone for good. Other back-ups keep all of theirs.`}
                  action="Delete it"
                  onConfirm={() => remove(one.name)}
                />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BringBack({ made, database }: { made: Made; database: string }) {
  const [open, setOpen] = useState(false);
  const home = "~/relens-restored";
  const rows = database === "sqlite" ? "" : `pg_restore --clean --if-exists --dbname="$RELENS_DATABASE" ${home}/relens.dump\n`;
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        Bring back…
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="Bring it back"
        lead="A back-up is a home folder. Copy it to a place of its own and start a server there; nothing of this server changes."
        wide
        footer={<Button onClick={() => setOpen(false)}>Close</Button>}
      >
        <Snippet label="Commands that bring it back" text={`cp -a ${quoted(made.path)} ${home}\n${rows}relens serve --home ${home}`} />
      </Dialog>
    </>
  );
}
