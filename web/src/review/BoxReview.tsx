/* One image with boxes and one decision, by mouse, by finger or by keyboard alone. */
import { useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Annotation, ReviewState } from "../api/types";
import { labelColour } from "../design/colours";
import { Canvas, type CanvasHandle } from "./Canvas";
import { Decide } from "./Decide";
import { draftOf, forgetDraft } from "./core/draft";
import { nudged } from "./core/gesture";
import { meaning, nudge, shownKey, type Action, type Bindings, type Pressed } from "./core/keys";
import { SceneStore } from "./core/scene";
import { startShapes, toAnnotations, type ToReview } from "./exchange";
import { Notice } from "../design/status";
import { kept } from "./outgoing";
import { LabelPicker } from "./LabelPicker";
import { Looks } from "./Looks";
import { Origin } from "./Origin";
import css from "./review.module.css";
import { ShapeList } from "./ShapeList";
import { filterOf, Tools, type Look } from "./Tools";
import { useAddLabel } from "./useAddLabel";
import { useBench } from "./useBench";
import { useBlind } from "./useBlind";
import { useDraft } from "./useDraft";
import { OURS, useKeys } from "./useKeys";
import type { Shown } from "./usePicture";

export type BenchProps = {
  prediction: ToReview;
  labels: string[];
  decide: (status: ReviewState, annotations: Annotation[]) => void;
  back: () => void;
  help: () => void;
  ask: () => void;
  bindings: Bindings;
  look: Look;
  setLook: (look: Look) => void;
};
/** `outlines`: shapes are outlines rather than boxes. */
type Props = BenchProps & { outlines: boolean };

const CLOSER = 1.3;

function sceneOf(prediction: ToReview): SceneStore {
  const store = new SceneStore();
  store.load(startShapes(prediction));
  const drawn = draftOf(kept, prediction.id, prediction.seen ?? 0);
  if (drawn) store.restore(drawn);
  return store;
}

/** Made anew for each image (give it a key). */
export function BoxReview({ prediction, labels, outlines, decide, back, help, ask, bindings, look, setLook }: Props) {
  const [store] = useState(() => sceneOf(prediction));
  const scene = useSyncExternalStore(store.subscribe, store.get);
  const canvas = useRef<CanvasHandle>(null);
  const { stage, bench } = useBench<HTMLDivElement>();
  const [shown, setShown] = useState<Shown>("loading");
  const [label, setLabel] = useState(labels[0] ?? "");
  const [drawing, setDrawing] = useState(false);
  const [hidden, setHidden] = useState(false);
  const image = useMemo(() => ({ width: prediction.width, height: prediction.height }), [prediction.width, prediction.height]);

  useDraft(prediction.id, prediction.seen ?? 0, store);
  const blind = useBlind(prediction, store, (shape) => canvas.current?.focus(shape));

  const pick = (name: string) => {
    setLabel(name);
    if (scene.selected !== null) store.replace(scene.selected, { label: name, confidence: undefined });
  };
  const adding = useAddLabel(prediction.deployment, pick);
  const step = (by: 1 | -1): boolean => {
    const next = store.selectNext(by);
    if (next) canvas.current?.focus(next);
    return next !== null;
  };
  const settle = (status: ReviewState, annotations: Annotation[] = []) => {
    // Nothing is said of an image that nobody has seen.
    const unseen = status === "accepted" || status === "corrected";
    if (shown !== "shown" && (shown !== "failed" || unseen)) return;
    forgetDraft(kept);
    decide(status, annotations);
  };
  const asAnswered = !store.changed && prediction.verdict?.status !== "corrected" && !prediction.looks?.length && !blind.compared;
  const add = () => {
    const rect = canvas.current?.middle();
    if (!rect) return;
    const { x1, y1, x2, y2 } = rect;
    store.add({ ...rect, label, ...(outlines ? { polygon: [x1, y1, x2, y1, x2, y2, x1, y2] } : {}) });
  };
  const act = {
    accept: () =>
      canvas.current?.end(true) ||
      (blind.hidden
        ? shown === "shown" && void blind.reveal()
        : asAnswered
          ? settle("accepted")
          : settle("corrected", toAnnotations(scene.shapes))),
    nothing: () => (blind.hidden ? shown === "shown" && (store.clear(), void blind.reveal()) : settle("corrected")),
    unusable: () => settle("unusable"),
    skip: () => settle("skipped"),
    undo: () => canvas.current?.takeBack() || (store.canUndo ? store.undo() : back()),
    redo: () => store.redo(),
    next: () => step(1),
    previous: () => step(-1),
    delete: () => scene.selected !== null && store.remove(scene.selected),
    fit: () => canvas.current?.fit(),
    closer: () => canvas.current?.zoom(CLOSER),
    farther: () => canvas.current?.zoom(1 / CLOSER),
    hide: () => setHidden(!hidden),
    names: () => setLook({ ...look, names: !look.names }),
    draw: () => setDrawing(!drawing),
    box: add,
    ask,
    find: () => document.querySelector<HTMLInputElement>("[data-find-label]")?.focus(),
    leave: () => canvas.current?.end(false) || (setDrawing(false), store.select(null)),
    help,
  } satisfies Record<Action, () => unknown>;
  /** An arrow moves the selected shape; with none selected, the view. */
  const arrow = (pressed: Pressed): boolean => {
    const by = nudge(pressed);
    if (!by) return false;
    const shape = store.find(scene.selected);
    const moved = shape && nudged(shape, by, image);
    if (shape && moved) store.replace(shape.id, { ...moved, confidence: undefined }, true);
    else if (!shape) canvas.current?.pan({ x: -40 * Math.sign(by.x), y: -40 * Math.sign(by.y) });
    return true;
  };
  useKeys((pressed) => {
    if (arrow(pressed)) return true;
    const means = meaning(pressed, bindings);
    if (means === null) return false;
    if (typeof means === "object") {
      if (labels[means.label]) pick(labels[means.label]);
      // After the last box Tab goes on to the buttons, as on any page.
    } else if (act[means]() === false && pressed.key === "Tab") return false;
    return true;
  });
  const key = (action: Action) => shownKey(action, bindings);

  return (
    <div className={css.bench} {...bench}>
      <div className={css.stage} ref={stage} tabIndex={0} role="group" aria-label="Image" data-shown={shown} {...OURS}>
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
          names={look.names}
          filter={filterOf(look)}
          onShown={setShown}
        />
        <Tools
          look={look}
          setLook={setLook}
          tools={[
            { title: "Draw", hint: `Draw over an existing box (${key("draw")})`, on: drawing, press: act.draw },
            { title: "Hide", hint: `Hide the boxes (${key("hide")})`, on: hidden, press: act.hide },
            { title: "Hide names", hint: `Hide the names of the boxes (${key("names")})`, on: !look.names, press: act.names },
            { title: "Fit", hint: `Show the whole image (${key("fit")})`, press: act.fit },
          ]}
        />
      </div>
      <aside className={css.panel} aria-label="Decision">
        <div className={css.origin}>
          <Origin prediction={prediction} />
          <Looks prediction={prediction} store={store} />
          {blind.says && <Notice tone={blind.failed ? "bad" : undefined}>{blind.says}</Notice>}
        </div>
        <LabelPicker
          labels={labels}
          chosen={store.find(scene.selected)?.label ?? label}
          pick={pick}
          add={adding.add}
          problem={adding.problem}
          colour={(name) => labelColour(name, labels)}
          findKey={key("find")}
        />
        <ShapeList
          store={store}
          scene={scene}
          ready={shown !== "loading"}
          outlines={outlines}
          labels={labels}
          focus={(shape) => canvas.current?.focus(shape)}
        />
        <Decide
          changed={!asAnswered}
          says={blind.hidden ? "Compare with the answer" : undefined}
          empty={scene.shapes.length === 0}
          act={act}
          canUndo={store.canUndo}
          main={shown !== "failed"}
          box={shown !== "failed"}
          keyOf={key}
        />
      </aside>
    </div>
  );
}
