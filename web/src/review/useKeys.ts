/* Listens to the keyboard while reviewing, except where a person types, a dialog is open, or another control has the keyboard. */
import { useLayoutEffect, useRef } from "react";
import { belongsToControl, type Pressed } from "./core/keys";

/** An element with it is part of the review: its keys are the review's. */
export const OURS = { "data-review-keys": true };

const PRESSED = "a[href], button, summary, [role=button], [role=radio], [role=switch], [role=tab], input";

function kindOf(target: HTMLElement): Parameters<typeof belongsToControl>[1] {
  if (target.matches("textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])")) return "type";
  if (target.matches("input[type=range]")) return "slide";
  return target.matches(PRESSED) && !target.matches("[data-review-keys]") ? "press" : "none";
}

/** `handle` says whether the key meant something. */
export function useKeys(handle: (pressed: Pressed) => boolean) {
  const latest = useRef(handle);
  // With what is drawn and not a moment later: a key that is pressed as the image appears must find the page that shows it.
  useLayoutEffect(() => {
    latest.current = handle;
  });
  useLayoutEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector("[role=dialog]")) return;
      if (belongsToControl(event.key, kindOf(event.target as HTMLElement))) return;
      const { key, shiftKey: shift, altKey: alt, repeat } = event;
      if (latest.current({ key, ctrl: event.ctrlKey || event.metaKey, shift, alt, repeat })) event.preventDefault();
    };
    addEventListener("keydown", down);
    return () => removeEventListener("keydown", down);
  }, []);
}
