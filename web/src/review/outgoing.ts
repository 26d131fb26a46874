/* The one outbox of this browser. It knows predictions by their ids, so no page need be open and no deployment keep its name. */
import { deliver } from "./deliver";
import { Outbox, type Alone, type Shelf } from "./core/outbox";

type Refusal = { sentence: string; prediction: string };

const listeners = new Set<(refusal: Refusal) => void>();

/** Tells of decisions that were not kept because somebody else had decided. */
export function onRefused(listener: (refusal: Refusal) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
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
  refused: (sentence, prediction) => listeners.forEach((tell) => tell({ sentence, prediction })),
});

addEventListener("storage", outgoing.reread);
