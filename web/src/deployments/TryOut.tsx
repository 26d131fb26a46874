/* Try it: drop images or hold something before the camera, see what is answered drawn on it, and slide the threshold. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type DragEvent } from "react";
import { Button, Switch } from "../design/controls";
import { count, plural, score } from "../design/format";
import { Notice } from "../design/status";
import { Answered } from "./Answered";
import { ask, isWhole, type Door, type Shown } from "./ask";
import { Camera } from "./Camera";
import css from "./deployments.module.css";

const KEPT_IN_SIGHT = 12;

type Props = { door: Door; labels: readonly string[]; threshold: number };

export function TryOut({ door, labels, threshold: usual }: Props) {
  const [keep, setKeep] = useState(door.predict !== undefined);
  const [left, setLeft] = useState(0);
  const [threshold, setThreshold] = useState(usual);
  const [shown, setShown] = useState<Shown[]>([]);
  const [problems, setProblems] = useState<string[]>([]);
  const [camera, setCamera] = useState(false);
  const client = useQueryClient();

  const send = async (files: readonly File[]) => {
    setProblems([]);
    setLeft((n) => n + files.length);
    for (const file of files) {
      try {
        const answer = await ask(door, file, keep);
        setShown((before) => [answer, ...before].slice(0, KEPT_IN_SIGHT));
      } catch (error) {
        const said = `${file.name}: ${error instanceof Error ? error.message : "not sent"}`;
        setProblems((before) => [...before, said]);
      }
      setLeft((n) => n - 1);
    }
    if (keep) void client.invalidateQueries();
  };

  return (
    <div className={css.form}>
      {camera ? (
        <Camera door={door} labels={labels} threshold={threshold} onTake={(file) => void send([file])} />
      ) : (
        <Drop left={left} onFiles={send} />
      )}
      <div className={css.save}>
        <Button icon={camera ? "upload" : "play"} onClick={() => setCamera(!camera)}>
          {camera ? "Choose images instead" : "Use the camera"}
        </Button>
        {door.predict && (
          <Switch checked={keep} onChange={setKeep}>
            Keep them with the deployment's predictions
          </Switch>
        )}
      </div>
      {problems.length > 0 && (
        <Notice tone="bad">
          {problems.slice(0, 3).map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
          {problems.length > 3 && <p>and {count(problems.length - 3)} more</p>}
        </Notice>
      )}
      {(shown.length > 0 || camera) && (
        <label className={css.slider}>
          <span>Threshold</span>
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
          {threshold !== usual && (
            <Button small look="quiet" onClick={() => setThreshold(usual)}>
              Back to {score(usual, 2)}
            </Button>
          )}
        </label>
      )}
      {shown.length > 0 && (
        <div className={css.answers}>
          {shown.map((one) => (
            <Answered key={one.key} shown={one} threshold={threshold} labels={labels} whole={isWhole(one.answer)} />
          ))}
        </div>
      )}
    </div>
  );
}

function Drop({ left, onFiles }: { left: number; onFiles: (files: readonly File[]) => Promise<void> }) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void onFiles([...event.dataTransfer.files]);
  };
  return (
    <label
      className={css.drop}
      data-over={over}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <strong>Drop images here, or click to choose</strong>
      <span role="status">{left > 0 ? `${plural(left, "image")} to go` : "The answer is drawn on each of them."}</span>
      <input
        className="visually-hidden"
        type="file"
        multiple
        accept="image/*"
        aria-label="Images to send"
        onChange={(event) => {
          void onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </label>
  );
}
