/* How much room the canvas has: that of the element around it. */
import { useLayoutEffect, useState, type RefObject } from "react";
import type { Size } from "./core/geometry";

export function useRoom(canvas: RefObject<HTMLCanvasElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const host = canvas.current?.parentElement;
    if (!host) return;
    const measure = () => setSize({ width: host.clientWidth, height: host.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(host);
    return () => watch.disconnect();
  }, [canvas]);
  return size;
}
