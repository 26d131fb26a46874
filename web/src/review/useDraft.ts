/* Keeps what is drawn on the image in hand, a moment after each change. */
import { useEffect } from "react";
import { forgetDraft, keepDraft } from "./core/draft";
import type { SceneStore } from "./core/scene";
import { kept } from "./outgoing";

const AFTER_MS = 250;

export function useDraft(prediction: string, seen: number, store: SceneStore): void {
  useEffect(() => {
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        if (store.changed) keepDraft(kept, prediction, seen, store.get().shapes);
        else forgetDraft(kept);
      }, AFTER_MS);
    };
    const leave = store.subscribe(later);
    return () => (clearTimeout(timer), leave());
  }, [prediction, seen, store]);
}
