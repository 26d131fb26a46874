/* What keeps the loop from turning, said plainly: a run that failed, one that is due and waits, reviews that stay out; and the switch that freezes it. */
import type { Loop } from "../api/types";
import { useSend } from "../api/use";
import { Switch } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { clock, plural } from "../design/format";
import { dim } from "../design/page";
import { Notice } from "../design/status";
import css from "./loop.module.css";
import { leftOut } from "./leftOut";

export function State({ loop }: { loop: Loop }) {
  const out = leftOut(loop.left_out);
  return (
    <div className={css.state}>
      {!loop.run && loop.last_run_state === "failed" && (
        <Notice tone="bad">The last run failed: {loop.last_error ?? "no reason was given"}</Notice>
      )}
      {!loop.run && loop.due && (
        <p>
          A run is due: {loop.due}. {waiting(loop)}
        </p>
      )}
      {loop.unplaced > 0 && <p className={dim}>{plural(loop.unplaced, "review")} not counted yet.</p>}
      {out && <p className={dim}>Left out of the dataset: {out}.</p>}
      <Freeze loop={loop} />
    </div>
  );
}

/** What it waits for, and until when on the clock of whoever looks. */
function waiting(loop: Loop): string {
  if (!loop.waits) return loop.frozen ? "" : "It begins in a moment.";
  return `It waits: ${loop.waits}${loop.waits_until ? `, until ${clock(new Date(loop.waits_until))}` : ""}.`;
}

function Freeze({ loop }: { loop: Loop }) {
  const { deployment } = useDeployment();
  const send = useSend(`/deployments/${deployment.name}`, "/overview");
  const freeze = (frozen: boolean) => send.mutate({ method: "PUT", path: `/deployments/${deployment.name}/freeze`, body: { frozen } });
  return (
    <>
      <Switch checked={loop.frozen} disabled={send.isPending} onChange={freeze}>
        Freeze: nothing begins, changes over or goes back by itself
      </Switch>
      {loop.frozen && <Notice tone="warn">Frozen. People still may train, promote and roll back.</Notice>}
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
    </>
  );
}
