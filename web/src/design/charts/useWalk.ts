/* Walks a chart's points by keyboard: arrows step, Shift chooses a stretch, Enter opens the point or zooms into the stretch. */
import { useState, type HTMLAttributes, type KeyboardEvent } from "react";

export type Walk = { at: number | null; from: number | null };
const NOWHERE: Walk = { at: null, from: null };

/** Where a key leads from `walk` among `count` points; null: the key means nothing here. Pure. */
export function walked(key: string, shift: boolean, walk: Walk, count: number): Walk | null {
  const at = walk.at ?? count;
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at - 10,
    PageDown: at + 10,
    Home: 0,
    End: count - 1,
  };
  if (key === "Escape") return walk.at === null ? null : NOWHERE;
  if (!(key in steps)) return null;
  const next = Math.min(Math.max(steps[key], 0), count - 1);
  return { at: next, from: shift ? (walk.from ?? (walk.at === null ? next : walk.at)) : null };
}

type Options = {
  label: string;
  count: number;
  /** What a point says, for the eye and for a screen reader. */
  tell: (at: number) => string;
  open?: (at: number) => void;
  choose?: (from: number, to: number) => void;
};

export type Walked = { walk: Walk; props: HTMLAttributes<HTMLElement | SVGSVGElement>; leave: () => void };

export function useWalk({ label, count, tell, open, choose }: Options): Walked {
  const [stood, setWalk] = useState(NOWHERE);
  // Points may have gone since: the walk goes on from the last one there is.
  const walk = stood.at !== null && stood.at >= count ? { ...stood, at: count - 1 } : stood;
  const leave = () => setWalk(NOWHERE);
  const onKeyDown = (event: KeyboardEvent) => {
    if (count === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && walk.at !== null) {
      event.preventDefault();
      if (walk.from !== null && walk.from !== walk.at) choose?.(Math.min(walk.from, walk.at), Math.max(walk.from, walk.at));
      else open?.(walk.at);
      return;
    }
    const next = walked(event.key, event.shiftKey, walk, count);
    if (!next) return;
    event.preventDefault();
    setWalk(next);
  };
  const props = {
    role: "slider",
    tabIndex: count > 0 ? 0 : -1,
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(count - 1, 0),
    "aria-valuenow": walk.at ?? 0,
    "aria-valuetext": walk.at === null || count === 0 ? `${count} points` : tell(walk.at),
    onKeyDown,
    onBlur: leave,
  };
  return { walk, props, leave };
}
