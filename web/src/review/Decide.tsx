/* The four ways to end with an image, and the way back. */
import type { Action } from "./core/keys";
import { Icon } from "../design/icons";
import css from "./review.module.css";

type Act = Record<"accept" | "nothing" | "unusable" | "skip" | "undo", () => void>;

/** `box`: there are boxes to speak of. `main`: there is an answer that can be accepted. `says`: what the main button does instead. */
type Props = {
  changed: boolean;
  empty: boolean;
  act: Act;
  canUndo: boolean;
  box?: boolean;
  main?: boolean;
  says?: string;
  keyOf: (action: Action) => string;
};

/** An action may be without a key. */
const Key = ({ children }: { children: string }) => children && <kbd>{children}</kbd>;

export function Decide({ changed, empty, act, canUndo, box = true, main = true, says, keyOf }: Props) {
  return (
    <div className={css.decide}>
      {main && (
        <button type="button" className={css.main} data-changed={changed} onClick={act.accept}>
          <Icon name="check" size={15} />
          {says ?? (changed ? "Save correction" : empty && box ? "Accept: nothing here" : "Accept")}
          <Key>{keyOf("accept")}</Key>
        </button>
      )}
      <div className={css.others}>
        {box && (
          <button type="button" onClick={act.nothing}>
            Nothing here <Key>{keyOf("nothing")}</Key>
          </button>
        )}
        <button type="button" onClick={act.unusable}>
          Unusable <Key>{keyOf("unusable")}</Key>
        </button>
        <button type="button" onClick={act.skip}>
          Skip <Key>{keyOf("skip")}</Key>
        </button>
        <button type="button" onClick={act.undo}>
          {canUndo ? "Undo" : "Back"} <kbd>Ctrl Z</kbd>
        </button>
      </div>
    </div>
  );
}
