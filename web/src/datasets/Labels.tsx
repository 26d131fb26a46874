/* How often each label occurs, and where people change labels. */
import { useState } from "react";
import type { DatasetVersion } from "../api/types";
import { labelColour } from "../design/colours";
import { Button } from "../design/controls";
import { count, words } from "../design/format";
import { ShowAll } from "../design/More";
import { Card, tableClass } from "../design/page";
import { ChangeLabels, type Wanted } from "./ChangeLabels";
import css from "./datasets.module.css";
import { SPLITS, sum } from "./words";

const AT_FIRST = 20;

export function Labels({ version, newest }: { version: DatasetVersion; newest: boolean }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [all, setAll] = useState(false);
  const rows = version.labels.map((label) => ({ label, counts: version.statistics[label] ?? {} }));
  const top = Math.max(...rows.map((row) => sum(row.counts)), 1);
  const turn = (label: string) => setChosen((now) => (now.includes(label) ? now.filter((one) => one !== label) : [...now, label]));
  const ask = (kind: Wanted["kind"]) => setWanted({ kind, labels: kind === "add" ? [] : chosen });
  const close = () => (setWanted(null), setChosen([]));
  return (
    <Card
      title="Labels"
      flush
      aside={
        newest && (
          <span className={css.filters}>
            {chosen.length === 1 && (
              <Button small onClick={() => ask("rename")}>
                Rename…
              </Button>
            )}
            {chosen.length === 1 && (
              <Button small onClick={() => ask("split")}>
                Split…
              </Button>
            )}
            {chosen.length > 1 && (
              <Button small onClick={() => ask("merge")}>
                Merge…
              </Button>
            )}
            {chosen.length > 0 && (
              <Button small onClick={() => ask("drop")}>
                Drop…
              </Button>
            )}
            <Button small icon="plus" onClick={() => ask("add")}>
              Add label
            </Button>
          </span>
        )
      }
    >
      <div className={css.scroll}>
        <table className={tableClass}>
          <thead>
            <tr>
              {newest && <td className={css.box} />}
              <th>Label</th>
              <td />
              {SPLITS.map((split) => (
                <th key={split} data-n>
                  {words(split)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, AT_FIRST)).map(({ label, counts }) => (
              <tr key={label}>
                {newest && (
                  <td className={css.box}>
                    <input type="checkbox" aria-label={`Choose ${label}`} checked={chosen.includes(label)} onChange={() => turn(label)} />
                  </td>
                )}
                <td className={css.label} title={label}>
                  {label}
                </td>
                <td className={css.barCell}>
                  <span style={{ width: `${(sum(counts) / top) * 100}%`, background: labelColour(label, version.labels) }} />
                </td>
                {SPLITS.map((split) => (
                  <td key={split} data-n>
                    {count(counts[split] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && rows.length > AT_FIRST && <ShowAll edge of={rows.length} press={() => setAll(true)} />}
      {wanted && <ChangeLabels version={version} wanted={wanted} onClose={close} />}
    </Card>
  );
}
