/* How much of the traffic the canary answers; a new share counts for the next image. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { Deployment } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button } from "../design/controls";
import { percent } from "../design/format";
import { Notice } from "../design/status";
import css from "./loop.module.css";

export function CanaryShare({ deployment }: { deployment: Deployment }) {
  const [edited, setEdited] = useState<number | null>(null);
  const path = `/deployments/${deployment.name}`;
  const save = useSend<Deployment>("/deployments", "/overview");
  useRead<Deployment>(deployment.canary ? path : null, undefined, { every: 3000 });
  const seen = useSeen(path, edited !== null);
  if (!deployment.canary) return null;
  const share = edited ?? deployment.canary_share;
  const keep = () =>
    save.mutate(
      { method: "PATCH", path, body: { canary_share: share }, headers: seen.headers },
      { onSuccess: () => setEdited(null), onError: seen.told },
    );
  return (
    <div className={css.share}>
      <label>
        <span>
          <strong>{deployment.canary.title}</strong> answers {percent(share)} of the images
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.01}
          value={share}
          aria-label="Share of the canary"
          aria-valuetext={percent(share)}
          onChange={(event) => setEdited(Number(event.target.value))}
        />
      </label>
      {edited !== null && edited !== deployment.canary_share && (
        <Button small look="primary" disabled={save.isPending} onClick={keep}>
          Save
        </Button>
      )}
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
    </div>
  );
}
