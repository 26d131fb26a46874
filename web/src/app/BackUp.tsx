/* How everything is taken to a safe place, how much that is, and how it is brought back. */
import type { System } from "../api/types";
import { useGet } from "../api/use";
import { quoted } from "../deployments/commands";
import { Snippet } from "../design/controls";
import { bytes, plural } from "../design/format";
import { Card, dim } from "../design/page";
import css from "./settings.module.css";

export function BackUp({ system }: { system: System }) {
  const size = useGet("/system/size");
  const home = quoted(system.home);
  const own = system.database === "sqlite";
  const copy = `${own ? "" : 'pg_dump --format=custom --file=relens.dump "$RELENS_DATABASE"   # first the rows, then the files\n'}cp -a ${home} /backups/relens-$(date +%F)`;
  return (
    <Card title="Back-up" id="back-up">
      <div className={css.form}>
        <p>
          Everything is in one folder{!own && " and one database"}
          {size.data && `: ${plural(size.data.files, "file")}, ${bytes(size.data.size_bytes)}`}. Stop the server, copy it, start the server
          again.
        </p>
        <Snippet label="Command that backs up" text={copy} />
        <p className={dim}>
          To bring it back: copy it to its place and start <code>relens serve --home</code> with that folder. A copy made while the server
          runs may be torn.
        </p>
      </div>
    </Card>
  );
}
