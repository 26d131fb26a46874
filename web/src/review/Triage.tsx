/* Twenty images at a glance: press those that are wrong, then accept the rest in one go. */
import { useState } from "react";
import type { Deployment } from "../api/types";
import { Button } from "../design/controls";
import { plural } from "../design/format";
import { Picture } from "../design/Picture";
import { answered, type ToReview } from "./exchange";
import css from "./triage.module.css";
import { useBench } from "./useBench";
import { OURS, useKeys } from "./useKeys";

export const TRIAGED = 20;

type Props = {
  /** The queue; the first of it are shown, and stay until they are decided. */
  items: ToReview[];
  deployment: Deployment;
  /** The first are accepted, the second are looked at one by one. */
  finish: (right: ToReview[], wrong: ToReview[]) => void;
  back: () => void;
  help: () => void;
};

export function Triage({ items, deployment, finish, back, help }: Props) {
  // The queue goes on changing; what Enter accepts is what the person has looked at.
  const [shown] = useState(() => items.slice(0, TRIAGED));
  const [wrong, setWrong] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(0);
  const { stage } = useBench<HTMLButtonElement>();
  const toggle = (id: string) => {
    const next = new Set(wrong);
    if (!next.delete(id)) next.add(id);
    setWrong(next);
  };
  const done = () =>
    finish(
      shown.filter((item) => !wrong.has(item.id)),
      shown.filter((item) => wrong.has(item.id)),
    );
  const columns = () =>
    Math.max(1, getComputedStyle(document.querySelector(`.${css.grid}`) ?? document.body).gridTemplateColumns.split(" ").length);
  useKeys(({ key, ctrl, alt, repeat }) => {
    if (alt) return false;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[key];
    if (by !== undefined) {
      const next = Math.min(Math.max(at + by, 0), shown.length - 1);
      setAt(next);
      document.querySelector<HTMLElement>(`[data-tile="${next}"]`)?.focus();
    } else if (repeat) return false;
    else if (key === " ") toggle(shown[Math.min(at, shown.length - 1)].id);
    else if (key === "Enter") done();
    else if (ctrl && key.toLowerCase() === "z") back();
    else if (key === "?") help();
    else return false;
    return true;
  });
  const right = shown.length - shown.filter((item) => wrong.has(item.id)).length;
  return (
    <div className={css.triage}>
      <div className={css.grid} role="group" aria-label="Press what is wrong">
        {shown.map((item, i) => (
          <button
            key={item.id}
            type="button"
            ref={i === 0 ? stage : undefined}
            data-tile={i}
            {...OURS}
            className={css.tile}
            aria-pressed={wrong.has(item.id)}
            onFocus={() => setAt(i)}
            onClick={() => toggle(item.id)}
          >
            <Picture
              asset={item.asset}
              width={item.width}
              height={item.height}
              shapes={answered(item)}
              labels={deployment.labels}
              size={480}
              aspect="4 / 3"
              names
              wide={250}
              alt=""
            />
            <span className="visually-hidden">{`${item.client_id ?? item.id}: ${said(item)}`}</span>
            <span className={css.mark}>Wrong</span>
          </button>
        ))}
      </div>
      <div className={css.decide}>
        <Button look="primary" icon="check" onClick={done}>
          {wrong.size === 0
            ? `Accept all ${right}`
            : right === 0
              ? `Correct ${plural(wrong.size, "image")}`
              : `Accept ${right}, correct ${shown.length - right}`}{" "}
          <kbd>Enter</kbd>
        </Button>
        <span>
          Press what is wrong <kbd>Space</kbd>
        </span>
      </div>
    </div>
  );
}

function said(item: ToReview): string {
  const labels = [...new Set(answered(item).map((found) => found.label))];
  return labels.length ? labels.join(", ") : "nothing found";
}
