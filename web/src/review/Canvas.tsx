/* The surface one draws on: it turns pointers into the core's gestures and paints what the core holds. */
import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type PointerEvent, type Ref } from "react";
import { labelColour, theme } from "../design/colours";
import { filtering } from "./core/filtered";
import { begin, boxOf, carried, handleAt, isDrawn, shapeAt, type Gesture } from "./core/gesture";
import type { Point, Rect, Size } from "./core/geometry";
import { around, closes, cornerAt, inside, withCorner, withoutCorner } from "./core/polygon";
import { render } from "./core/render";
import type { SceneStore } from "./core/scene";
import { toImage, type Viewport } from "./core/viewport";
import { maskOf, throughFilter } from "./masks";
import css from "./review.module.css";
import { usePicture, type Shown } from "./usePicture";
import { useRoom } from "./useRoom";
import { placeOn, useView } from "./useView";

export type CanvasHandle = {
  fit: () => void;
  focus: (rect: Rect) => void;
  zoom: (factor: number) => void;
  pan: (by: Point) => void;
  /** A box in the middle of what can be seen. */
  middle: () => Rect;
  /** Ends the outline that is being drawn, kept or not; false when none is. */
  end: (keep: boolean) => boolean;
  /** Takes its last corner back; false when no outline is being drawn. */
  takeBack: () => boolean;
};
type Props = {
  store: SceneStore;
  asset: string;
  image: Size;
  labels: readonly string[];
  label: string;
  drawing: boolean;
  /** New shapes are outlines, drawn corner by corner. */
  outlines?: boolean;
  /** Nothing is drawn here; a drag moves the image. */
  still?: boolean;
  hidden: boolean;
  names: boolean;
  filter: string;
  /** Told when the image can be seen, or that it cannot. */
  onShown: (state: Shown) => void;
  ref: Ref<CanvasHandle>;
};

const NEAR = 8;
/** A finger is less exact. */
const NEAR_FINGER = 18;
/** With more shapes than this their names would cover the image. */
const MOST_NAMES = 60;

export function Canvas({ store, asset, image, labels, label, drawing, outlines, still, hidden, names, filter, onShown, ref }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useRoom(canvas);
  const gesture = useRef<Gesture | null>(null);
  const draft = useRef<Rect | null>(null);
  const reshaped = useRef<number[] | null>(null);
  const path = useRef<number[] | null>(null);
  const pointer = useRef<Point>({ x: 0, y: 0 });
  const last = useRef<Point>({ x: 0, y: 0 });
  const asked = useRef(0);
  const { picture, state, away } = usePicture(asset);
  useEffect(() => {
    if (state !== "shown") onShown(state);
  }, [state, onShown]);
  const view = useRef<Viewport>({ scale: 1, x: 0, y: 0 });

  // A thousand shapes of a hundred labels are looked up in each frame.
  const colour = useMemo(() => {
    const known = new Map(labels.map((name) => [name, labelColour(name, labels)]));
    return (name: string) => known.get(name) ?? labelColour(name, labels);
  }, [labels]);
  const filtered = useMemo(() => filtering(throughFilter), []);

  const paint = useCallback(() => {
    cancelAnimationFrame(asked.current);
    asked.current = requestAnimationFrame(() => {
      const context = canvas.current?.getContext("2d");
      if (!context) return;
      const scene = store.get();
      const moving = gesture.current && "shape" in gesture.current && (draft.current || reshaped.current) ? gesture.current.shape : null;
      render(
        context,
        {
          scene: moving ? { ...scene, shapes: scene.shapes.filter((shape) => shape.id !== moving.id) } : scene,
          view: view.current,
          canvas: size,
          image: picture && filtered(picture, filter),
          imageSize: image,
          draft: draft.current,
          path: path.current ? [...path.current, pointer.current.x, pointer.current.y] : reshaped.current,
          draftLabel: moving?.label ?? label,
          hideLabels: !names || scene.shapes.length > MOST_NAMES,
          dimmed: hidden,
          mask: maskOf,
          colour,
          font: theme("--font"),
        },
        devicePixelRatio,
      );
      // Painted, and not only loaded: from here on a key can mean this image.
      if (picture && size.width) onShown("shown");
    });
  }, [store, size, image, label, colour, hidden, names, filter, filtered, picture, onShown]);

  const look = useView(canvas, view, asset, image, size, paint);
  useEffect(() => store.subscribe(paint), [store, paint]);
  useEffect(paint, [paint]);

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
  const takeBack = useCallback(() => {
    if (!path.current) return false;
    path.current.splice(-2);
    if (path.current.length === 0) path.current = null;
    paint();
    return true;
  }, [paint]);
  useImperativeHandle(ref, () => ({ ...look, end, takeBack }));

  const at = (event: { clientX: number; clientY: number }) => toImage(view.current, placeOn(canvas.current, event));
  const drop = () => {
    gesture.current = null;
    draft.current = null;
    reshaped.current = null;
  };

  const down = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = { x: event.clientX, y: event.clientY };
    if (look.touch(event)) return (drop(), paint());
    if (still || event.button === 1 || event.altKey) return void (gesture.current = { kind: "pan" });
    const point = at(event);
    const finger = event.pointerType === "touch";
    const near = (finger ? NEAR_FINGER : NEAR) / view.current.scale;
    if (path.current) return void (cornerAt(path.current.slice(0, 2), point, near) === 0 ? end(true) : grow(point));
    const begun = begin(store.get(), point, near, drawing || event.shiftKey);
    if ("shape" in begun) store.select(begun.shape.id);
    // A finger on the bare image moves it; it draws once Draw is pressed.
    else if (finger && !drawing) return void (gesture.current = { kind: "pan" });
    else if (outlines && begun.kind === "draw") {
      path.current = [];
      store.select(null);
      return grow(point);
    }
    gesture.current = begun;
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
    if (look.pinch(event)) return;
    const by = { x: event.clientX - last.current.x, y: event.clientY - last.current.y };
    last.current = { x: event.clientX, y: event.clientY };
    const point = at(event);
    pointer.current = inside(point, image);
    const now = gesture.current;
    if (path.current) return paint();
    if (!now) return hover(event.currentTarget as HTMLElement, point);
    if (now.kind === "pan") return look.pan(by);
    if (now.kind === "corner") reshaped.current = withCorner(now.polygon, now.corner, point, image);
    else draft.current = boxOf(now, point, image);
    paint();
  };

  const hover = (element: HTMLElement, point: Point) => {
    const near = NEAR / view.current.scale;
    const handle = handleAt(store.find(store.get().selected), point, near);
    const over = drawing || still ? null : shapeAt(store.get(), point, near / 2);
    element.style.cursor = still ? "grab" : handle ? `${handle}-resize` : over ? (over.fixed ? "pointer" : "move") : "crosshair";
  };

  const up = (event: PointerEvent) => {
    look.release(event);
    const done = gesture.current;
    const rect = draft.current;
    const outline = reshaped.current;
    drop();
    if (!done || done.kind === "pan" || done.kind === "hold") return;
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
    const corner = shape?.polygon ? cornerAt(shape.polygon, at(event), NEAR / view.current.scale) : null;
    if (!shape?.polygon || corner === null) return;
    const polygon = withoutCorner(shape.polygon, corner);
    store.replace(shape.id, { ...around(polygon), polygon, confidence: undefined });
  };

  return (
    <>
      <canvas
        ref={canvas}
        className={css.canvas}
        width={Math.round(size.width * devicePixelRatio)}
        height={Math.round(size.height * devicePixelRatio)}
        style={{ width: size.width, height: size.height }}
        aria-label={still ? "The image under review" : "The image under review; its boxes are listed beside it"}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onDoubleClick={(event) => end(true) || forgetCorner(event)}
      />
      {away && <p className={css.failed}>This image cannot be fetched at present. It appears here as soon as it can.</p>}
      {state === "failed" && <p className={css.failed}>This image is not available. Skip it, or mark it unusable.</p>}
    </>
  );
}
