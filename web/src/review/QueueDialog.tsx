/* How the queue is mixed: how many images are drawn by lot, and who ranks the rest. */
import { useState } from "react";
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
        {(found) => <Mix key={found.random_share + found.sampler} found={found} path={path} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function Mix({ found, path, onClose }: { found: ReviewQueue; path: string; onClose: () => void }) {
  const [share, setShare] = useState(Math.round(found.random_share * 100));
  const [sampler, setSampler] = useState(found.sampler);
  const save = useSend(path);
  const submit = () => save.mutate({ method: "PUT", path, body: { random_share: share / 100, sampler } }, { onSuccess: onClose });
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
            onChange={(event) => setShare(Number(event.target.value))}
          />
          <output>{percent(share / 100)}</output>
        </span>
      </Field>
      <Field label="Hard cases are ranked by">
        <Select
          value={sampler}
          onChange={(event) => setSampler(event.target.value)}
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
