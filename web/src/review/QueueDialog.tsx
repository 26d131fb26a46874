/* How the queue is mixed: how many images are drawn by lot, and who ranks the rest. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import { useRead, useSend } from "../api/use";
import type { ReviewQueue } from "../api/types";
import { Button, Field, Select } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { percent } from "../design/format";
import { Loaded } from "../design/page";
import { Notice } from "../design/status";
import css from "./review.module.css";

const LEAST = 20;

type Props = { open: boolean; onClose: () => void; deployment: string };

export function QueueDialog({ open, onClose, deployment }: Props) {
  const path = `/deployments/${deployment}/review-queue`;
  const queue = useRead<ReviewQueue>(open ? path : null);
  return (
    <Dialog open={open} onClose={onClose} title="What comes next">
      <Loaded query={queue} height={120}>
        {(found) => <Mix key={open ? "open" : ""} found={found} path={path} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function Mix({ found, path, onClose }: { found: ReviewQueue; path: string; onClose: () => void }) {
  const [edited, setEdited] = useState<{ share?: number; sampler?: string }>({});
  const { share, sampler } = { share: Math.round(found.random_share * 100), sampler: found.sampler, ...edited };
  const save = useSend(path);
  const seen = useSeen(path, Object.keys(edited).length > 0);
  const submit = () => {
    const body = { random_share: share / 100, sampler };
    save.mutate({ method: "PUT", path, body, headers: seen.headers }, { onSuccess: onClose, onError: seen.told });
  };
  return (
    <form className={css.mix} onSubmit={(event) => (event.preventDefault(), submit())}>
      <Field
        label="Random checks"
        hint={`They alone say how good the model is on all images, so never less than ${LEAST} %. The rest are hard cases, from which it learns most.`}
      >
        <span className={css.share}>
          <input
            type="range"
            min={LEAST}
            max={100}
            step={5}
            value={share}
            aria-valuetext={percent(share / 100)}
            onChange={(event) => setEdited({ ...edited, share: Number(event.target.value) })}
          />
          <output>{percent(share / 100)}</output>
        </span>
      </Field>
      <Field label="Hard cases are ranked by">
        <Select
          value={sampler}
          onChange={(event) => setEdited({ ...edited, sampler: event.target.value })}
          options={Object.entries(found.samplers).map(([value, title]) => ({ value, title }))}
        />
      </Field>
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <Button look="primary" type="submit" disabled={save.isPending}>
        {save.isPending ? "Saving…" : "Save"}
      </Button>
    </form>
  );
}
