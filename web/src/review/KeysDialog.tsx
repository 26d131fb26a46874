/* The keys of the review, and another one for whoever wants it. */
import { useEffect, useState } from "react";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { bound, CHANGEABLE, keyName, shownKey, type Action, type Bindings } from "./core/keys";
import { sheetOf, type Bench, type SheetLine } from "./core/sheet";
import css from "./review.module.css";

type Props = { open: boolean; onClose: () => void; bench: Bench; bindings: Bindings; keep: (bindings: Bindings) => void };

export function KeysDialog({ open, onClose, bench, bindings, keep }: Props) {
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
        {sheetOf(bench).map((line) => (
          <div key={line.title}>
            <dt>
              {line.action && CHANGEABLE.includes(line.action) ? (
                <Changeable line={line} shown={shownKey(line.action, bindings)} asking={asking === line.action} ask={setAsking} />
              ) : (
                (line.words ??
                (line.action ? shownKey(line.action, bindings) : (line.keys ?? ""))
                  .split(" ")
                  .map((key) => (key === "…" ? key : <kbd key={key}>{key}</kbd>)))
              )}
            </dt>
            <dd>{line.title}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

type ChangeableProps = { line: SheetLine; shown: string; asking: boolean; ask: (action: Action | null) => void };

function Changeable({ line: { action, title }, shown, asking, ask }: ChangeableProps) {
  return (
    <button
      type="button"
      title="Choose another key"
      aria-label={`Key for: ${title}`}
      aria-pressed={asking}
      data-none={!shown}
      onClick={() => ask(action ?? null)}
    >
      <kbd>{asking ? "press a key" : shown || "no key"}</kbd>
    </button>
  );
}
