/* Listens to the keyboard while reviewing, except where a person types or a dialog is open. */
import { useEffect, useRef } from "react";
import type { Pressed } from "./core/keys";

export function useKeys(handle: (pressed: Pressed) => boolean) {
  const latest = useRef(handle);
  useEffect(() => {
    latest.current = handle;
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (target.matches("textarea, select, input:not([type=range])") || document.querySelector("[role=dialog]")) return;
      if (event.key === "Enter" && target.matches("a")) return;
      if (latest.current({ key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey })) event.preventDefault();
    };
    addEventListener("keydown", down);
    return () => removeEventListener("keydown", down);
  }, []);
}
