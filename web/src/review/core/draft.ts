/* What was drawn and not yet decided, so that a reload or a closed tab loses none of it. One image at a time: the one in hand. */
import type { Shape } from "./scene";
import type { Shelf } from "./outbox";

type Draft = { prediction: string; seen: number; shapes: Omit<Shape, "id">[] };

const NAME = "relens.draft";

/** What was drawn on this image before, if what was said of it is still what the person saw. */
export function draftOf(shelf: Pick<Shelf, "getItem">, prediction: string, seen: number): Draft["shapes"] | null {
  try {
    const found = JSON.parse(shelf.getItem(NAME) ?? "null") as Draft | null;
    return found?.prediction === prediction && found.seen === seen && Array.isArray(found.shapes) ? found.shapes : null;
  } catch {
    return null;
  }
}

/** Where nothing can be kept, nothing is lost but the draft. */
export function keepDraft(shelf: Pick<Shelf, "setItem">, prediction: string, seen: number, shapes: readonly Shape[]): void {
  try {
    // Numbers of shapes are given anew when they come back.
    const plain = shapes.map((shape) => ({ ...shape, id: undefined }));
    shelf.setItem(NAME, JSON.stringify({ prediction, seen, shapes: plain }));
  } catch {
    return;
  }
}

export function forgetDraft(shelf: Pick<Shelf, "removeItem">): void {
  try {
    shelf.removeItem(NAME);
  } catch {
    return;
  }
}

const LEFT = "relens.in-hand";

/** The image that was in hand when the page was left: the server, asked anew, may put another one first. */
export function imageLeft(shelf: Pick<Shelf, "getItem">): string | null {
  try {
    return shelf.getItem(LEFT);
  } catch {
    return null;
  }
}

export function leaveImage(shelf: Pick<Shelf, "setItem">, prediction: string): void {
  try {
    shelf.setItem(LEFT, prediction);
  } catch {
    return;
  }
}
