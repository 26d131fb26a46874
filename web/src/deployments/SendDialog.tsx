/* Try a deployment: drop images and see the answers drawn, or copy the command that sends them from code. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type DragEvent } from "react";
import { get, send } from "../api/client";
import type { Answer, Deployment, Detection, Prediction } from "../api/types";
import { Button, Switch } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { milliseconds, plural, score } from "../design/format";
import { Picture } from "../design/Picture";
import { Notice } from "../design/status";
import css from "./deployments.module.css";
import { OwnMachines, SendImages } from "./Snippets";

export function SendButton({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="upload" onClick={() => setOpen(true)}>
        Send images
      </Button>
      {open && <SendDialog deployment={deployment} onClose={() => setOpen(false)} />}
    </>
  );
}

function SendDialog({ deployment, onClose }: { deployment: Deployment; onClose: () => void }) {
  const external = deployment.target === "external";
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Send images to ${deployment.name}`}
      lead={external ? "This model runs on your own machines: send Relens what it said." : undefined}
    >
      {!external && <DropImages deployment={deployment} />}
      {external ? (
        <OwnMachines
          name={deployment.name}
          version={{ id: deployment.champion?.id ?? "", labels: deployment.labels, task: deployment.task }}
        />
      ) : (
        <SendImages name={deployment.name} />
      )}
    </Dialog>
  );
}

/** A classification: its best label says it. */
const whole = (detections: readonly Detection[]) => detections.length > 0 && detections.every((one) => !one.box && !one.polygon);

/** The answer as it would be from that confidence on. */
function from(answer: Answer, threshold: number): Answer {
  if (whole(answer.detections)) return { ...answer, detections: answer.detections.filter((one) => one.answered ?? true).slice(0, 1) };
  return {
    ...answer,
    detections: answer.detections.filter((one) => one.confidence >= threshold).map((one) => ({ ...one, answered: true })),
  };
}

function DropImages({ deployment }: { deployment: Deployment }) {
  const [over, setOver] = useState(false);
  const [log, setLog] = useState(true);
  const [left, setLeft] = useState(0);
  const [threshold, setThreshold] = useState(deployment.threshold);
  const [answers, setAnswers] = useState<Answer[]>([]);
  const [problem, setProblem] = useState("");
  const client = useQueryClient();

  const ask = async (files: File[]) => {
    setProblem("");
    setLeft(files.length);
    for (const file of files) {
      try {
        const path = `/deployments/${deployment.name}/${log ? "predict" : "try"}?source=browser`;
        const answer = await send<Answer>("POST", path, file, { "content-type": file.type || "application/octet-stream" });
        // What stayed below the threshold is in the log: the slider can bring it back.
        const whole = answer.id ? await get<Prediction>(`/predictions/${answer.id}`) : null;
        setAnswers((before) => [{ ...answer, detections: whole?.detections ?? answer.detections }, ...before].slice(0, 12));
      } catch (error) {
        setProblem(`${file.name}: ${error instanceof Error ? error.message : "not sent"}`);
      }
      setLeft((n) => n - 1);
    }
    void client.invalidateQueries();
  };

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void ask([...event.dataTransfer.files]);
  };

  return (
    <>
      <label
        className={css.drop}
        data-over={over}
        onDragOver={(event) => (event.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <strong>Drop images here, or click to choose</strong>
        <span>{left > 0 ? `${plural(left, "image")} to go` : "The answer is drawn on each of them."}</span>
        <input
          className="visually-hidden"
          type="file"
          multiple
          accept="image/*"
          aria-label="Images to send"
          onChange={(event) => void ask([...(event.target.files ?? [])])}
        />
      </label>
      <Switch checked={log} onChange={setLog}>
        Keep them with the deployment's predictions
      </Switch>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {answers.length > 0 && !whole(answers[0].detections) && (
        <label className={css.slider}>
          <input
            type="range"
            min={0}
            max={1}
            step={0.01}
            value={threshold}
            aria-label="Show from this confidence on"
            onChange={(event) => setThreshold(Number(event.target.value))}
          />
          <output>{score(threshold, 2)}</output>
        </label>
      )}
      {answers.length > 0 && (
        <div className={css.answers}>
          {answers
            .map((one) => from(one, threshold))
            .map((answer, i) => (
              <div key={answer.id ?? i} className={css.answer}>
                <Picture
                  asset={answer.image.asset}
                  width={answer.image.width}
                  height={answer.image.height}
                  shapes={answer.detections}
                  labels={deployment.labels}
                  aspect="4 / 3"
                  names
                  wide={250}
                  alt="An image you sent"
                />
                <span>
                  {answer.detections.length === 0
                    ? "Nothing above the threshold"
                    : answer.detections.length === 1 && !answer.detections[0].box
                      ? answer.detections[0].label
                      : plural(answer.detections.length, "detection")}{" "}
                  in {milliseconds(answer.latency_ms)}
                </span>
              </div>
            ))}
        </div>
      )}
    </>
  );
}
