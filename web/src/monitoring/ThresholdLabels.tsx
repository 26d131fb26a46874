/* Label by label: what the present threshold is worth, and which one the reviews advise. */
import { useState } from "react";
import type { Thresholds } from "../api/types";
import { Button } from "../design/controls";
import { count } from "../design/format";
import css from "./threshold.module.css";
import { Scrolled } from "../design/Scrolled";
import { rateText } from "./thresholds";

const FIRST = 12;

export function ThresholdLabels({ found, use }: { found: Thresholds; use: (threshold: number) => void }) {
  const [all, setAll] = useState(false);
  const rows = [found.whole, ...found.labels];
  return (
    <Scrolled label="Thresholds by label" className={css.labels}>
      <table>
        <thead>
          <tr>
            <th>Label</th>
            <th data-n>Checked</th>
            <th data-n>Precision at {found.threshold}</th>
            <th data-n>Recall</th>
            <th data-n>F1</th>
            <th data-n>Advised</th>
            <th data-n>F1 there</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, all ? undefined : FIRST).map((one) => (
            <tr key={one.label ?? ""}>
              <th scope="row" title={one.label ?? undefined}>
                {one.label ?? "All together"}
              </th>
              <td data-n>{count(one.images)}</td>
              <td data-n>{rateText(one.now.precision)}</td>
              <td data-n>{rateText(one.now.recall)}</td>
              <td data-n>{rateText(one.now.f1)}</td>
              <td data-n title={one.needs ? `Needs ${one.needs}` : undefined}>
                {one.advice ? (
                  <button
                    type="button"
                    onClick={() => one.advice && use(one.advice.threshold)}
                    aria-label={`Try ${one.advice.threshold} for ${one.label ?? "all together"}`}
                  >
                    {one.advice.threshold.toFixed(2)}
                    <small>
                      {one.advice.lower.toFixed(2)} to {one.advice.upper.toFixed(2)}
                    </small>
                  </button>
                ) : (
                  // What all of them need stands above the table, once.
                  <small>{one.needs && one.needs !== found.whole.needs ? `needs ${one.needs}` : "–"}</small>
                )}
              </td>
              <td data-n>{one.advice ? rateText(one.advice.f1) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > FIRST && !all && (
        <Button small look="quiet" onClick={() => setAll(true)}>
          All {found.labels.length} labels
        </Button>
      )}
    </Scrolled>
  );
}
