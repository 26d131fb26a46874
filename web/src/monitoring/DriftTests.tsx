/* The classic table, one press away: the two-sample Kolmogorov-Smirnov test of every feature. */
import { useState } from "react";
import type { TwoSampleTable } from "../api/types";
import { useRead } from "../api/use";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, score } from "../design/format";
import { Loaded, tableClass } from "../design/page";
import { useBoard } from "./board";
import css from "./monitoring.module.css";

const LEAD =
  "Two-sample Kolmogorov–Smirnov, production against training data, p times the number of tests (Bonferroni). With many images every " +
  "difference is significant, so this table alarms nobody: the distance says how much it is.";

export function Tests() {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <Button small look="quiet" onClick={() => setOpen(true)}>
        Kolmogorov–Smirnov tests
      </Button>
      {open && <TestsDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

function TestsDialog({ onClose }: { onClose: () => void }) {
  const { name, params } = useBoard();
  const { bucket: _, ...wanted } = params;
  const tests = useRead<TwoSampleTable>(`/deployments/${name}/drift/tests`, wanted, { keep: true });
  return (
    <Dialog open wide onClose={onClose} title="Kolmogorov–Smirnov tests" lead={LEAD}>
      <Loaded query={tests} height={240}>
        {(data) => (
          <div className={css.scrolled} tabIndex={0} role="region" aria-label="Tests by feature">
            <table className={tableClass}>
              <thead>
                <tr>
                  <th>Feature</th>
                  <th data-n>D</th>
                  <th data-n>p</th>
                  <th data-n>p, corrected</th>
                  <th data-n>Production</th>
                  <th data-n>Training</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((one) => (
                  <tr key={one.feature}>
                    <td>{one.title}</td>
                    <td data-n>{score(one.statistic, 3)}</td>
                    <td data-n>{chance(one.p)}</td>
                    <td data-n style={one.corrected < 0.05 ? { fontWeight: 600 } : undefined}>
                      {chance(one.corrected)}
                    </td>
                    <td data-n>{count(one.n)}</td>
                    <td data-n>{count(one.m)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function chance(p: number): string {
  return p < 0.0001 ? "< 0.0001" : p.toPrecision(2);
}
