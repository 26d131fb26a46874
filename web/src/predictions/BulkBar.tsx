/* What can be done with the chosen images at once, and the way back from it. */
import { useEffect, useRef, useState } from "react";
import type { Prediction } from "../api/types";
import { Button, Input } from "../design/controls";
import { plural } from "../design/format";
import { all, NOTHING, type Selection } from "./core/selection";
import css from "./predictions.module.css";
import { useBulk } from "./useBulk";

const MOST_NAMED = 40;
const REASONS = ["Blurred", "Too dark", "Not from this camera", "Test image"];

type Props = {
  deployment: string;
  items: Prediction[];
  selection: Selection;
  select: (selection: Selection) => void;
  ask: (query: string) => void;
};

export function BulkBar({ deployment, items, selection, select, ask }: Props) {
  const bulk = useBulk(deployment);
  const [why, setWhy] = useState<string | null>(null);
  const n = selection.ids.size;
  // A reason that was being asked for belongs to the images that were chosen.
  if (n === 0 && why !== null) setWhy(null);
  const chosen = items.filter((item) => selection.ids.has(item.id));
  const act = (status: "accepted" | "unusable" | "pending", reason = "") => {
    setWhy(null);
    void bulk.run(chosen, status, reason);
    select(NOTHING);
  };
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    if (n === 0) return;
    const key = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).matches("input:not([type=checkbox]), textarea, select")) return;
      // In a dialog above the page nobody means the images beneath it.
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("[role=dialog]")) return;
      if (event.key === "a") latest.current("accepted");
      else if (event.key === "x") setWhy("");
      else if (event.key === "r") latest.current("pending");
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [n]);

  if (n === 0 && !bulk.said) return null;
  return (
    <div className={css.bulk} role="region" aria-label="Chosen images">
      {n === 0 ? (
        <>
          <span role="status">{bulk.said}</span>
          {bulk.undo && (
            <Button small icon="undo" onClick={bulk.undo}>
              Undo
            </Button>
          )}
          {!bulk.busy && <Button small look="quiet" icon="cross" onClick={bulk.forget} aria-label="Close" />}
        </>
      ) : why !== null ? (
        <form onSubmit={(event) => (event.preventDefault(), act("unusable", why))}>
          <span>{plural(n, "image")} unusable:</span>
          <Input
            autoFocus
            list="reasons"
            aria-label="Reason"
            placeholder="Why?"
            value={why}
            onChange={(event) => setWhy(event.target.value)}
          />
          <datalist id="reasons">
            {REASONS.map((reason) => (
              <option key={reason} value={reason} />
            ))}
          </datalist>
          <Button small look="primary" type="submit">
            Mark unusable
          </Button>
          <Button small onClick={() => setWhy(null)}>
            Cancel
          </Button>
        </form>
      ) : (
        <>
          <strong>{n} chosen</strong>
          <Button small icon="check" onClick={() => act("accepted")}>
            Accept <kbd>A</kbd>
          </Button>
          <Button small onClick={() => setWhy("")}>
            Unusable <kbd>X</kbd>
          </Button>
          <Button small onClick={() => act("pending")}>
            Reopen <kbd>R</kbd>
          </Button>
          <Button
            small
            disabled={n > MOST_NAMED}
            title={n > MOST_NAMED ? `A query can name ${MOST_NAMED} images at most` : "A query, and an address, that finds just these"}
            onClick={() => ask(`id in (${[...selection.ids].map((id) => `"${id}"`).join(", ")})`)}
          >
            As a query
          </Button>
          {n < items.length && (
            <Button small look="quiet" onClick={() => select(all(items.map((item) => item.id)))}>
              All {items.length} loaded
            </Button>
          )}
          <Button small look="quiet" onClick={() => select(NOTHING)}>
            None <kbd>Esc</kbd>
          </Button>
        </>
      )}
    </div>
  );
}
