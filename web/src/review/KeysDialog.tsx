/* The keys of the review, and another one for whoever wants it. */
import { useEffect, useState } from "react";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { bound, CHANGEABLE, keyName, KEYS, shownKey, type Action, type Bindings } from "./core/keys";
import css from "./review.module.css";

type Props = { open: boolean; onClose: () => void; bindings: Bindings; keep: (bindings: Bindings) => void };

export function KeysDialog({ open, onClose, bindings, keep }: Props) {
  const [asking, setAsking] = useState<Action | null>(null);
  useEffect(() => {
    if (!asking) return;
    const down = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      const name = keyName({ key: event.key, ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey });
      if (name) keep(bound(bindings, asking, name));
      if (name || event.key === "Escape") setAsking(null);
    };
    addEventListener("keydown", down, { capture: true });
    return () => removeEventListener("keydown", down, { capture: true });
  }, [asking, bindings, keep]);
  const close = () => (setAsking(null), onClose());
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Keys"
      footer={
        Object.keys(bindings).length > 0 && (
          <Button small onClick={() => keep({})}>
            Back to the usual keys
          </Button>
        )
      }
    >
      <dl className={css.keys}>
        {KEYS.map(({ action, title }) => (
          <div key={action}>
            <dt>
              {CHANGEABLE.includes(action) ? (
                <button
                  type="button"
                  title="Choose another key"
                  aria-label={`Key for: ${title}`}
                  aria-pressed={asking === action}
                  onClick={() => setAsking(action)}
                >
                  <kbd>{asking === action ? "press a key" : shownKey(action, bindings)}</kbd>
                </button>
              ) : (
                shownKey(action, bindings)
                  .split(" ")
                  .map((key) => <kbd key={key}>{key}</kbd>)
              )}
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>1</kbd>…<kbd>0</kbd>
          </dt>
          <dd>Label of the selected box, and of the next one drawn</dd>
        </div>
        <div>
          <dt>
            <kbd>←</kbd>
            <kbd>→</kbd>
            <kbd>↑</kbd>
            <kbd>↓</kbd>
          </dt>
          <dd>Move the selected box, with Shift its lower right corner; with none selected, the view</dd>
        </div>
        <div>
          <dt>Wheel, Alt drag</dt>
          <dd>Zoom and pan</dd>
        </div>
      </dl>
    </Dialog>
  );
}
