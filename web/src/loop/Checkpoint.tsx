/* A champion whose weights cannot be gone on from: what that means, and the four ways on. */
import { useRef } from "react";
import type { Trainer } from "../api/types";
import { useSend } from "../api/use";
import { Button } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Notice } from "../design/status";
import css from "./loop.module.css";

type Props = { why: string; trainers: Trainer[]; onTrainer: (name: string) => void };

export function Checkpoint({ why, trainers, onTrainer }: Props) {
  const { deployment } = useDeployment();
  const file = useRef<HTMLInputElement>(null);
  const send = useSend(`/deployments/${deployment.name}`, "/model-versions");
  const attach = (checkpoint: File) => {
    const body = new FormData();
    body.set("checkpoint", checkpoint);
    send.mutate({ method: "PUT", path: `/model-versions/${deployment.champion?.id}/checkpoint`, body });
  };
  const without = why.endsWith("without a checkpoint");
  const offers = trainers.filter((trainer) => trainer.name !== "compact");
  return (
    <Notice tone="warn">
      <div className={css.ways}>
        <p>
          {why}, so a run starts from scratch: the compact network then learns from the dataset alone, and a large model that was trained
          elsewhere may be hard to beat.
        </p>
        <div className={css.actions}>
          {without && (
            <>
              <input
                ref={file}
                type="file"
                hidden
                aria-label="Checkpoint"
                onChange={(event) => event.target.files?.[0] && attach(event.target.files[0])}
              />
              <Button small disabled={send.isPending} onClick={() => file.current?.click()}>
                {send.isPending ? "Attaching…" : "Attach its checkpoint"}
              </Button>
            </>
          )}
          {offers.map((trainer) => (
            <Button key={trainer.name} small onClick={() => onTrainer(trainer.name)}>
              Use {trainer.title}
            </Button>
          ))}
        </div>
        {send.error && <p>{send.error.message}</p>}
      </div>
    </Notice>
  );
}
