/* The keyboard stands on the image: it comes there with each image, and goes back after a press of the mouse on a button beside it. */
import { useEffect, useRef, type MouseEvent } from "react";

/** Put `bench` on what holds the image and its buttons; `stage` on the image, with a tabIndex. */
export function useBench<Stage extends HTMLElement>() {
  const stage = useRef<Stage>(null);
  useEffect(() => {
    const holds = document.activeElement;
    if (holds?.matches("input, textarea, select") || document.querySelector("[role=dialog]")) return;
    stage.current?.focus({ preventScroll: true });
  }, []);
  const onMouseDown = (event: MouseEvent) => {
    // Otherwise Enter would press that button again instead of meaning the image.
    if (!(event.target as HTMLElement).closest("button")) return;
    event.preventDefault();
    stage.current?.focus({ preventScroll: true });
  };
  return { stage, bench: { onMouseDown } };
}
