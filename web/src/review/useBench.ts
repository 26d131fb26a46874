/* The keyboard stands on the image: it comes there with each image, and goes back after a press of the mouse on a button beside it.

   The bench reaches down to the edge of the window, whatever stands above it: the buttons stay in sight. */
import { useEffect, useLayoutEffect, useRef, type MouseEvent } from "react";

/** Put `bench` on what holds the image and its buttons; `stage` on the image, with a tabIndex. */
export function useBench<Stage extends HTMLElement>() {
  const stage = useRef<Stage>(null);
  useEffect(() => {
    const holds = document.activeElement;
    if (holds?.matches("input, textarea, select") || document.querySelector("[role=dialog]")) return;
    stage.current?.focus({ preventScroll: true });
  }, []);
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const bench = place.current;
    if (!bench) return;
    const measure = () => bench.style.setProperty("--top", `${Math.round(bench.getBoundingClientRect().top + scrollY)}px`);
    measure();
    // A notice that comes or goes above changes how tall the page is.
    const watch = new ResizeObserver(measure);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, []);
  const onMouseDown = (event: MouseEvent) => {
    // Otherwise Enter would press that button again instead of meaning the image.
    if (!(event.target as HTMLElement).closest("button")) return;
    event.preventDefault();
    stage.current?.focus({ preventScroll: true });
  };
  return { stage, bench: { ref: place, onMouseDown } };
}
