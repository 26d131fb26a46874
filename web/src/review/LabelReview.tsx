/* One image, one label: a press on a label (or its number) decides and goes on. */
import { useMemo, useRef, useState } from "react";
import { send } from "../api/client";
import type { BlindAnswer } from "../api/types";
import { labelColour } from "../design/colours";
import { percent } from "../design/format";
import { Notice } from "../design/status";
import type { BenchProps } from "./BoxReview";
import { Canvas, type CanvasHandle } from "./Canvas";
import { meaning, nudge, shownKey } from "./core/keys";
import { found } from "./core/labels";
import { SceneStore } from "./core/scene";
import { Decide } from "./Decide";
import { answered } from "./exchange";
import { FindLabel } from "./FindLabel";
import { saidBy } from "./Looks";
import { Origin } from "./Origin";
import css from "./review.module.css";
import { filterOf, Tools } from "./Tools";
import { useAddLabel } from "./useAddLabel";
import { useBench } from "./useBench";
import { OURS, useKeys } from "./useKeys";
import type { Shown } from "./usePicture";

/** Made anew for each image (give it a key). */
export function LabelReview({ prediction, labels, decide, back, help, ask, bindings, look, setLook }: BenchProps) {
  const best = prediction.looks?.length ? null : (answered(prediction)[0] ?? null);
  const sure = new Map(prediction.detections.map(({ label, confidence }) => [label, confidence]));
  const canvas = useRef<CanvasHandle>(null);
  const { stage, bench } = useBench<HTMLDivElement>();
  const [bare] = useState(() => new SceneStore());
  const [shown, setShown] = useState<Shown>("loading");
  const [wanted, setWanted] = useState("");
  /** What was pressed is on its way: nothing else decides the image meanwhile. */
  const comparing = useRef(false);
  const [failed, setFailed] = useState<string | null>(null);
  const image = useMemo(() => ({ width: prediction.width, height: prediction.height }), [prediction.width, prediction.height]);
  const offered = found(labels, wanted);

  const choose = (label: string) => {
    // Nothing is said of an image that nobody has seen.
    if (shown !== "shown") return;
    if (prediction.blind) void compare(label);
    else if (label === best?.label && !prediction.looks?.length) decide("accepted", []);
    else decide("corrected", [{ label }]);
  };
  /** What was answered is asked for when the person has said what it is; there is nothing to add to a label. */
  const compare = async (label: string) => {
    if (comparing.current) return;
    comparing.current = true;
    setFailed(null);
    try {
      const { detections } = await send<BlindAnswer>("PUT", `/predictions/${prediction.id}/blind-look`, { annotations: [{ label }] });
      const right = detections.some((one) => one.answered && one.label === label);
      decide(right ? "accepted" : "corrected", right ? [] : [{ label }]);
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
      comparing.current = false;
    }
  };
  const adding = useAddLabel(prediction.deployment, choose);
  const act = {
    accept: () => best && choose(best.label),
    nothing: () => undefined,
    unusable: () => shown !== "loading" && !comparing.current && decide("unusable", []),
    skip: () => shown !== "loading" && !comparing.current && decide("skipped", []),
    undo: back,
    fit: () => canvas.current?.fit(),
    closer: () => canvas.current?.zoom(1.3),
    farther: () => canvas.current?.zoom(1 / 1.3),
    find: () => document.querySelector<HTMLInputElement>("[data-find-label]")?.focus(),
    help,
    ask,
  };
  useKeys((pressed) => {
    const by = nudge(pressed);
    if (by) return (canvas.current?.pan({ x: -40 * Math.sign(by.x), y: -40 * Math.sign(by.y) }), true);
    const means = meaning(pressed, bindings);
    if (means === null) return false;
    if (typeof means === "object") {
      if (labels[means.label]) choose(labels[means.label]);
    } else if (means in act) act[means as keyof typeof act]();
    else return false;
    return true;
  });

  return (
    <div className={css.bench} {...bench}>
      <div className={css.stage} ref={stage} tabIndex={0} role="group" aria-label="Image" data-shown={shown} {...OURS}>
        <Canvas
          ref={canvas}
          store={bare}
          asset={prediction.asset}
          image={image}
          labels={labels}
          label=""
          drawing={false}
          still
          hidden
          names={false}
          filter={filterOf(look)}
          onShown={setShown}
        />
        <Tools
          look={look}
          setLook={setLook}
          tools={[{ title: "Fit", hint: `Show the whole image (${shownKey("fit", bindings)})`, press: act.fit }]}
        />
      </div>
      <aside className={`${css.panel} ${css.short}`} aria-label="Decision">
        <div className={css.origin}>
          <Origin prediction={prediction} />
          {(failed ?? adding.problem) && <Notice tone="bad">{failed ?? adding.problem}</Notice>}
        </div>
        <div className={css.labels}>
          <h2>
            {prediction.blind ? (
              "Blind check. What is it?"
            ) : prediction.looks?.length ? (
              <>Two people differ: {prediction.looks.map(saidBy).join(" or ")}. What is it?</>
            ) : best ? (
              <>
                Answered <strong>{best.label}</strong>. What is it?
              </>
            ) : (
              "The model was unsure. What is it?"
            )}
          </h2>
          <FindLabel
            wanted={wanted}
            want={setWanted}
            labels={offered}
            pick={choose}
            add={adding.add}
            findKey={shownKey("find", bindings)}
          />
          <div className={css.labelList}>
            {offered.map((label) => (
              <button
                key={label}
                type="button"
                aria-pressed={label === best?.label}
                disabled={shown === "failed"}
                onClick={() => choose(label)}
              >
                <i style={{ background: labelColour(label, labels) }} />
                <span>{label}</span>
                <small>{sure.has(label) && percent(sure.get(label))}</small>
                {labels.indexOf(label) < 10 && <kbd>{(labels.indexOf(label) + 1) % 10}</kbd>}
              </button>
            ))}
          </div>
        </div>
        <Decide
          changed={false}
          empty={false}
          act={act}
          canUndo={false}
          box={false}
          main={best !== null && shown !== "failed"}
          keyOf={(action) => shownKey(action, bindings)}
        />
      </aside>
    </div>
  );
}
