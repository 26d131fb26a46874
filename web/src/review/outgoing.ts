/* The one outbox of this browser. It knows predictions by their ids, so no page need be open and no deployment keep its name. */
import { deliver } from "./deliver";
import { Outbox, type Alone, type Shelf } from "./core/outbox";

/** A decision that was not kept because somebody else had decided. `ours`: it was made in this tab. */
type Refusal = { sentence: string; prediction: string; deployment?: string; ours: boolean };

const listeners = new Set<(refusal: Refusal) => void>();

/** Tells a page that shows the review of what was refused. */
export function onRefused(listener: (refusal: Refusal) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let untold: readonly Refusal[] = [];
const waiting = new Set<() => void>();
const keep = (next: readonly Refusal[]) => {
  untold = next;
  for (const tell of waiting) tell();
};

/** What was refused while no review was open: on whatever page one is, it is said there. */
export const refusals = {
  subscribe: (listener: () => void): (() => void) => {
    waiting.add(listener);
    return () => waiting.delete(listener);
  },
  all: (): readonly Refusal[] => untold,
  clear: (): void => keep([]),
};

function tell(refusal: Refusal): void {
  if (listeners.size === 0) keep([...untold, refusal]);
  for (const listener of listeners) listener(refusal);
}

/** Without locks (a page that came over plain HTTP) two tabs may send the same: the server then takes it once. */
const alone: Alone = async (work) => {
  if (navigator.locks) await navigator.locks.request("relens.review", work);
  else await work();
};

/** A browser that keeps nothing for this site keeps it for as long as the page is open. */
function shelf(): Shelf {
  try {
    return localStorage;
  } catch {
    const full = () => {
      throw new Error("nothing can be kept");
    };
    return { length: 0, key: () => null, getItem: () => null, setItem: full, removeItem: () => undefined };
  }
}

/** What this browser keeps for the review. */
export const kept = shelf();

export const outgoing = new Outbox(`relens.review ${new URL(document.baseURI).pathname}`, {
  deliver,
  shelf: kept,
  alone,
  refused: (sentence, { prediction, deployment, tab }) => {
    const ours = tab === outgoing.tab;
    tell({ sentence: ours ? sentence : `In another tab: ${sentence}`, prediction, deployment, ours });
    // A channel between tabs has no target origin.
    // eslint-disable-next-line unicorn/require-post-message-target-origin
    if (!ours) tabs?.postMessage({ sentence, prediction, deployment, tab });
  },
});

/** Whichever tab sends for all of them hears what is refused; the one where it was decided must know. */
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("relens.review.refused");
tabs?.addEventListener("message", ({ data: { tab, ...refusal } }: MessageEvent<Omit<Refusal, "ours"> & { tab?: string }>) => {
  if (tab === outgoing.tab) tell({ ...refusal, ours: true });
});

addEventListener("storage", outgoing.reread);
