/* One image with boxes and one decision, by mouse or by keyboard. */
import { useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Annotation, ReviewState } from "../api/types";
import { labelColour } from "../design/colours";
import { Canvas, type CanvasHandle } from "./Canvas";
import { Decide } from "./Decide";
import { meaning, shownKey, type Bindings } from "./core/keys";
import { SceneStore } from "./core/scene";
import { startShapes, toAnnotations, type ToReview } from "./exchange";
import { LabelPicker } from "./LabelPicker";
import css from "./review.module.css";
import { ShapeList } from "./ShapeList";
import { useKeys } from "./useKeys";

type Props = {
  prediction: ToReview;
  labels: string[];
  /** Shapes are outlines rather than boxes. */
  outlines: boolean;
  decide: (status: ReviewState, annotations: Annotation[]) => void;
  back: () => void;
  help: () => void;
  bindings: Bindings;
  look: Look;
  setLook: (look: Look) => void;
};
export type Look = { brightness: number; contrast: number };

function sceneOf(prediction: ToReview): SceneStore {
  const store = new SceneStore();
  store.load(startShapes(prediction));
  return store;
}

/** Made anew for each image (give it a key). `look` outlives the image: a dark camera stays dark. */
export function BoxReview({ prediction, labels, outlines, decide, back, help, bindings, look, setLook }: Props) {
  const [store] = useState(() => sceneOf(prediction));
  const scene = useSyncExternalStore(store.subscribe, store.get);
  const canvas = useRef<CanvasHandle>(null);
  const [label, setLabel] = useState(labels[0] ?? "");
  const [drawing, setDrawing] = useState(false);
  const [hidden, setHidden] = useState(false);
  const image = useMemo(() => ({ width: prediction.width, height: prediction.height }), [prediction.width, prediction.height]);

  const pick = (name: string) => {
    setLabel(name);
    if (scene.selected !== null) store.replace(scene.selected, { label: name, confidence: undefined });
  };
  const step = (by: 1 | -1) => {
    const next = store.selectNext(by);
    if (next) canvas.current?.focus(next);
  };
  const asAnswered = !store.changed && prediction.verdict?.status !== "corrected";
  const act = {
    accept: () => canvas.current?.end(true) || (asAnswered ? decide("accepted", []) : decide("corrected", toAnnotations(scene.shapes))),
    nothing: () => decide("corrected", []),
    unusable: () => decide("unusable", []),
    skip: () => decide("skipped", []),
    undo: () => (store.canUndo ? store.undo() : back()),
    redo: () => store.redo(),
    next: () => step(1),
    previous: () => step(-1),
    delete: () => scene.selected !== null && store.remove(scene.selected),
    fit: () => canvas.current?.fit(),
    hide: () => setHidden(!hidden),
    draw: () => setDrawing(!drawing),
    find: () => document.querySelector<HTMLInputElement>("[data-find-label]")?.focus(),
    leave: () => canvas.current?.end(false) || (setDrawing(false), store.select(null)),
    help,
  };
  useKeys((pressed) => {
    const means = meaning(pressed, bindings);
    if (means === null) return false;
    if (typeof means === "object") {
      if (labels[means.label]) pick(labels[means.label]);
    } else act[means]();
    return true;
  });

  return (
    <div className={css.bench}>
      <div className={css.stage}>
        <Canvas
          ref={canvas}
          store={store}
          asset={prediction.asset}
          image={image}
          labels={labels}
          label={label}
          drawing={drawing}
          outlines={outlines}
          hidden={hidden}
          filter={`brightness(${look.brightness}%) contrast(${look.contrast}%)`}
        />
        <div className={css.overlay}>
          <button type="button" aria-pressed={drawing} onClick={act.draw} title="Draw over an existing box (D)">
            Draw
          </button>
          <button type="button" aria-pressed={hidden} onClick={act.hide} title="Hide the boxes (H)">
            Hide
          </button>
          <button type="button" onClick={act.fit} title="Show the whole image (F)">
            Fit
          </button>
          <label title="Brightness">
            ☀
            <input
              type="range"
              aria-label="Brightness"
              min={40}
              max={240}
              value={look.brightness}
              onChange={(event) => setLook({ ...look, brightness: Number(event.target.value) })}
            />
          </label>
          <label title="Contrast">
            ◐
            <input
              type="range"
              aria-label="Contrast"
              min={40}
              max={240}
              value={look.contrast}
              onChange={(event) => setLook({ ...look, contrast: Number(event.target.value) })}
            />
          </label>
        </div>
      </div>
      <aside className={css.panel} aria-label="Decision">
        <LabelPicker
          labels={labels}
          chosen={store.find(scene.selected)?.label ?? label}
          pick={pick}
          colour={(name) => labelColour(name, labels)}
        />
        <ShapeList store={store} scene={scene} labels={labels} focus={(shape) => canvas.current?.focus(shape)} />
        <Decide
          changed={!asAnswered}
          empty={scene.shapes.length === 0}
          act={act}
          canUndo={store.canUndo}
          keyOf={(action) => shownKey(action, bindings)}
        />
      </aside>
    </div>
  );
}
