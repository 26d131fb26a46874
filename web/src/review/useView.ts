/* Which part of the image is in sight: fitted to each image, zoomed by the wheel, pinched and dragged by fingers. */
import { useCallback, useEffect, useRef, type PointerEvent, type RefObject } from "react";
import type { Point, Rect, Size } from "./core/geometry";
import { fit, focused, middleOf, panned, pinched, zoomed, type Viewport } from "./core/viewport";

/** Where a pointer stands on an element. */
export function placeOn(element: Element | null, event: { clientX: number; clientY: number }): Point {
  const place = element?.getBoundingClientRect();
  return { x: event.clientX - (place?.left ?? 0), y: event.clientY - (place?.top ?? 0) };
}

/** Keeps `view`, and tells `moved` whenever another part is in sight. */
export function useView(
  canvas: RefObject<HTMLCanvasElement | null>,
  view: RefObject<Viewport>,
  asset: string,
  image: Size,
  size: Size,
  moved: () => void,
) {
  const fingers = useRef(new Map<number, Point>());
  const latest = useRef(moved);
  useEffect(() => {
    latest.current = moved;
  });
  const show = useCallback(
    (next: Viewport) => {
      view.current = next;
      latest.current();
    },
    [view],
  );
  const whole = useCallback(() => fit(image, size), [image, size]);
  useEffect(() => {
    if (size.width) show(whole());
    // Only another image or another size shows the whole again.
    // eslint-disable-next-line react/exhaustive-deps
  }, [asset, size.width, size.height]);

  useEffect(() => {
    const element = canvas.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      show(zoomed(view.current, Math.exp(-event.deltaY * 0.0016), placeOn(element, event), whole()));
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [canvas, show, view, whole]);

  /** A finger comes down; true when it is the second: two fingers hold the image, they draw nothing. */
  const touch = (event: PointerEvent): boolean => {
    if (event.pointerType !== "touch") return false;
    fingers.current.set(event.pointerId, placeOn(canvas.current, event));
    return fingers.current.size > 1;
  };
  /** A finger moves; true while two hold the image. */
  const pinch = (event: PointerEvent): boolean => {
    const before = [...fingers.current.values()];
    if (!fingers.current.has(event.pointerId)) return false;
    fingers.current.set(event.pointerId, placeOn(canvas.current, event));
    const [a, b] = [...fingers.current.values()];
    if (before.length < 2) return false;
    show(pinched(view.current, [before[0], before[1]], [a, b], whole()));
    return true;
  };
  const release = (event: PointerEvent) => fingers.current.delete(event.pointerId);

  return {
    touch,
    pinch,
    release,
    pan: (by: Point) => show(panned(view.current, by)),
    zoom: (factor: number) => show(zoomed(view.current, factor, { x: size.width / 2, y: size.height / 2 }, whole())),
    fit: () => show(whole()),
    focus: (rect: Rect) => show(focused(rect, size, whole())),
    middle: () => middleOf(view.current, size, image),
  };
}
