/* The surface one draws on: it turns pointer and wheel into the core's gestures and paints what the core holds. */
import { useCallback, useEffect, useImperativeHandle, useRef, useState, type PointerEvent, type Ref } from "react";
import { imageUrl } from "../api/client";
import { labelColour, theme } from "../design/colours";
import { begin, boxOf, carried, handleAt, isDrawn, shapeAt, type Gesture } from "./core/gesture";
import type { Point, Rect, Size } from "./core/geometry";
import { around, closes, cornerAt, inside, withCorner, withoutCorner } from "./core/polygon";
import { render } from "./core/render";
import type { SceneStore } from "./core/scene";
import { fit, focused, panned, toImage, zoomed, type Viewport } from "./core/viewport";
import css from "./review.module.css";
import { useRoom } from "./useRoom";

export type CanvasHandle = {
  fit: () => void;
  focus: (rect: Rect) => void;
  /** Ends the outline that is being drawn, kept or not; false when none is. */
  end: (keep: boolean) => boolean;
};
type Props = {
  store: SceneStore;
  asset: string;
  image: Size;
  labels: readonly string[];
  label: string;
  drawing: boolean;
  /** New shapes are outlines, drawn corner by corner. */
  outlines: boolean;
  hidden: boolean;
  filter: string;
  ref: Ref<CanvasHandle>;
};

const NEAR = 8;

const ready = (picture: HTMLImageElement | null) => (picture?.complete && picture.naturalWidth > 0 ? picture : null);

export function Canvas({ store, asset, image, labels, label, drawing, outlines, hidden, filter, ref }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useRoom(canvas);
  const view = useRef<Viewport>({ scale: 1, x: 0, y: 0 });
  const gesture = useRef<Gesture | null>(null);
  const draft = useRef<Rect | null>(null);
  const reshaped = useRef<number[] | null>(null);
  const path = useRef<number[] | null>(null);
  const pointer = useRef<Point>({ x: 0, y: 0 });
  const picture = useRef<HTMLImageElement | null>(null);
  const asked = useRef(0);
  const [failed, setFailed] = useState(false);

  const paint = useCallback(() => {
    cancelAnimationFrame(asked.current);
    asked.current = requestAnimationFrame(() => {
      const context = canvas.current?.getContext("2d");
      if (!context) return;
      const scene = store.get();
      const moving = gesture.current && "shape" in gesture.current ? gesture.current.shape.id : null;
      const still =
        moving === null || (!draft.current && !reshaped.current)
          ? scene
          : { ...scene, shapes: scene.shapes.filter((shape) => shape.id !== moving) };
      const draftLabel = moving === null ? label : (store.find(moving)?.label ?? label);
      render(
        context,
        {
          scene: still,
          view: view.current,
          canvas: size,
          image: ready(picture.current),
          imageSize: image,
          draft: draft.current,
          path: path.current ? [...path.current, pointer.current.x, pointer.current.y] : reshaped.current,
          draftLabel,
          hideLabels: scene.shapes.length > 60,
          dimmed: hidden,
          filter,
          colour: (name) => labelColour(name, labels),
          font: theme("--font"),
        },
        devicePixelRatio,
      );
    });
  }, [store, size, image, label, labels, hidden, filter]);

  useEffect(() => store.subscribe(paint), [store, paint]);
  useEffect(paint, [paint]);

  useEffect(() => {
    picture.current = null;
    setFailed(false);
    const loading = new Image();
    const gone = new AbortController();
    loading.addEventListener("load", () => show(view.current), { signal: gone.signal });
    loading.addEventListener("error", () => setFailed(true), { signal: gone.signal });
    loading.src = imageUrl(asset);
    picture.current = loading;
    return () => gone.abort();
    // A repaint must not load the image again.
    // eslint-disable-next-line react/exhaustive-deps
  }, [asset]);

  const whole = useCallback(() => fit(image, size), [image, size]);
  const show = useCallback(
    (next: Viewport) => {
      view.current = next;
      paint();
    },
    [paint],
  );
  useEffect(() => {
    if (size.width) show(whole());
    // Only another image or another size shows the whole again.
    // eslint-disable-next-line react/exhaustive-deps
  }, [asset, size.width, size.height]);
  const end = useCallback(
    (keep: boolean) => {
      const drawn = path.current;
      path.current = null;
      if (keep && drawn && closes(drawn)) store.add({ ...around(drawn), polygon: drawn, label });
      paint();
      return drawn !== null;
    },
    [label, paint, store],
  );
  useImperativeHandle(ref, () => ({ fit: () => show(whole()), focus: (rect) => show(focused(rect, size, whole())), end }), [
    show,
    whole,
    size,
    end,
  ]);

  const at = (event: { clientX: number; clientY: number }): Point => {
    const place = canvas.current?.getBoundingClientRect();
    return { x: event.clientX - (place?.left ?? 0), y: event.clientY - (place?.top ?? 0) };
  };

  const down = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    if (event.button === 1 || event.altKey) {
      gesture.current = { kind: "pan" };
      return;
    }
    const point = toImage(view.current, at(event));
    const near = NEAR / view.current.scale;
    if (path.current) return void (cornerAt(path.current.slice(0, 2), point, near) === 0 ? end(true) : grow(point));
    gesture.current = begin(store.get(), point, near, drawing || event.shiftKey);
    if (outlines && gesture.current.kind === "draw") {
      gesture.current = null;
      path.current = [];
      store.select(null);
      return grow(point);
    }
    if ("shape" in gesture.current) store.select(gesture.current.shape.id);
  };

  const grow = (point: Point) => {
    const { x, y } = inside(point, image);
    const [lastX, lastY] = path.current?.slice(-2) ?? [];
    // The second press of a double click is no corner.
    if (Math.hypot(x - lastX, y - lastY) * view.current.scale < 3) return;
    path.current?.push(x, y);
    pointer.current = { x, y };
    paint();
  };

  const move = (event: PointerEvent) => {
    const point = toImage(view.current, at(event));
    pointer.current = inside(point, image);
    if (path.current) return paint();
    if (!gesture.current) {
      hover(event.currentTarget as HTMLElement, point);
      return;
    }
    if (gesture.current.kind === "pan") show(panned(view.current, { x: event.movementX, y: event.movementY }));
    else if (gesture.current.kind === "corner")
      reshaped.current = withCorner(gesture.current.polygon, gesture.current.corner, point, image);
    else draft.current = boxOf(gesture.current, point, image);
    paint();
  };

  const hover = (element: HTMLElement, point: Point) => {
    const near = NEAR / view.current.scale;
    const handle = handleAt(store.find(store.get().selected), point, near);
    element.style.cursor = handle ? `${handle}-resize` : !drawing && shapeAt(store.get(), point, near / 2) ? "move" : "crosshair";
  };

  const up = () => {
    const done = gesture.current;
    const rect = draft.current;
    gesture.current = null;
    draft.current = null;
    const outline = reshaped.current;
    reshaped.current = null;
    if (!done || done.kind === "pan") return;
    if (done.kind === "corner") {
      if (outline) store.replace(done.shape.id, { ...around(outline), polygon: outline, confidence: undefined });
    } else if (done.kind === "draw") {
      if (rect && isDrawn(rect, view.current.scale)) store.add({ ...rect, label });
      else store.select(null);
    } else if (rect) {
      const polygon = done.shape.polygon ? carried(done.shape.polygon, done.shape, rect) : undefined;
      const same = rect.x1 === done.shape.x1 && rect.y1 === done.shape.y1 && rect.x2 === done.shape.x2 && rect.y2 === done.shape.y2;
      if (!same) store.replace(done.shape.id, { ...rect, polygon, confidence: undefined });
    }
    paint();
  };

  const forgetCorner = (event: { clientX: number; clientY: number }) => {
    const shape = store.find(store.get().selected);
    const corner = shape?.polygon ? cornerAt(shape.polygon, toImage(view.current, at(event)), NEAR / view.current.scale) : null;
    if (!shape?.polygon || corner === null) return;
    const polygon = withoutCorner(shape.polygon, corner);
    store.replace(shape.id, { ...around(polygon), polygon, confidence: undefined });
  };

  useEffect(() => {
    const element = canvas.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      show(zoomed(view.current, Math.exp(-event.deltaY * 0.0016), at(event), whole()));
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [show, whole]);

  return (
    <>
      <canvas
        ref={canvas}
        className={css.canvas}
        width={Math.round(size.width * devicePixelRatio)}
        height={Math.round(size.height * devicePixelRatio)}
        style={{ width: size.width, height: size.height }}
        aria-label="The image under review; its boxes are listed beside it"
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onDoubleClick={(event) => end(true) || forgetCorner(event)}
      />
      {failed && <p className={css.failed}>This image is not available. Skip it, or mark it unusable.</p>}
    </>
  );
}
