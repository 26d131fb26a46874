/* The boxes on the image as a list; a press selects one and zooms to it. Of a thousand only those in sight are drawn. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { labelColour } from "../design/colours";
import { Icon } from "../design/icons";
import type { Scene, SceneStore, Shape } from "./core/scene";
import css from "./review.module.css";

const ROW = 26;
const MORE = 6;

type Props = {
  store: SceneStore;
  scene: Scene;
  /** The image can be seen. */
  ready: boolean;
  /** Shapes are outlines rather than boxes. */
  outlines: boolean;
  labels: readonly string[];
  focus: (shape: Shape) => void;
};

export function ShapeList({ store, scene, ready, outlines, labels, focus }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [{ top, height }, setSeen] = useState({ top: 0, height: 600 });
  const measure = useCallback(() => list.current && setSeen({ top: list.current.scrollTop, height: list.current.clientHeight }), []);
  useLayoutEffect(() => {
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, [measure]);
  const { shapes, selected } = scene;
  const at = shapes.findIndex((shape) => shape.id === selected);
  useEffect(() => {
    const box = list.current;
    if (!box || at < 0) return;
    const place = at * ROW;
    if (place < box.scrollTop) box.scrollTop = place;
    else if (place + ROW > box.scrollTop + box.clientHeight) box.scrollTop = place + ROW - box.clientHeight;
  }, [at]);
  const first = Math.max(0, Math.min(Math.floor(top / ROW) - MORE, shapes.length));
  const last = Math.min(shapes.length, Math.ceil((top + height) / ROW) + MORE);
  const seen = ready ? shapes.slice(first, last) : [];
  return (
    <div className={css.shapes}>
      <h2>
        Boxes <span>{shapes.length}</span>
      </h2>
      <ul ref={list} onScroll={measure}>
        {first > 0 && <li role="presentation" style={{ height: first * ROW }} />}
        {seen.map((shape, i) => (
          <li key={shape.id} data-selected={shape.id === selected} aria-setsize={shapes.length} aria-posinset={first + i + 1}>
            <button
              type="button"
              aria-current={shape.id === selected}
              title={shape.fixed ? "A mask: it can be renamed and deleted" : undefined}
              onClick={() => (store.select(shape.id), focus(shape))}
            >
              <i style={{ background: labelColour(shape.label, labels) }} />
              <span>{shape.label}</span>
              <small>{shape.crowd ? "crowd" : shape.confidence === undefined ? "yours" : Math.round(shape.confidence * 100)}</small>
            </button>
            <button type="button" className={css.remove} aria-label={`Delete ${shape.label}`} onClick={() => store.remove(shape.id)}>
              <Icon name="cross" size={12} />
            </button>
          </li>
        ))}
        {last < shapes.length && <li role="presentation" style={{ height: (shapes.length - last) * ROW }} />}
        {ready && shapes.length === 0 && (
          <li className={css.none}>
            None. {outlines ? "Press on the image, corner by corner, to draw one." : "Drag on the image to draw one."}
          </li>
        )}
      </ul>
    </div>
  );
}
