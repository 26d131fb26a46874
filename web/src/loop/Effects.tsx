/* What people's reviews changed: whose they were, and what the promoted version misses less or more. Counts of the gate, never estimates. */
import type { Effect } from "../api/types";
import { useGet } from "../api/use";
import { useDeployment } from "../design/deployment";
import { count, plural } from "../design/format";
import { Card, dim, tableClass } from "../design/page";
import { Time } from "../design/Time";
import css from "./loop.module.css";

const SHOWN = 5;

export function Effects() {
  const { deployment } = useDeployment();
  const found = useGet(`/deployments/${deployment.name}/effects`, { limit: SHOWN }, { every: 15_000 }).data?.items ?? [];
  if (found.length === 0) return null;
  return (
    <Card title="What reviews changed">
      <div className={css.effects}>
        {found.map((effect, i) => (
          <section key={effect.decision}>
            <h3>
              {effect.sentence} <Time at={effect.at} />
            </h3>
            <p className={dim}>{effect.people.map(saidBy).join(" · ")}</p>
            {effect.counts.length > 0 && (
              <details open={i === 0}>
                <summary>
                  {effect.before} → {effect.version}, label by label
                </summary>
                <Counts effect={effect} />
              </details>
            )}
          </section>
        ))}
      </div>
    </Card>
  );
}

export function saidBy({ name, mine, accepted, corrected, taken_out }: Effect["people"][number]): string {
  const parts = [
    corrected > 0 && plural(corrected, "correction"),
    accepted > 0 && `${count(accepted)} accepted`,
    taken_out > 0 && `${count(taken_out)} taken out`,
  ];
  return `${mine ? "you" : name}: ${parts.filter(Boolean).join(", ")}`;
}

function Counts({ effect }: { effect: Effect }) {
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th>Label</th>
          <th data-n>In test images</th>
          <th data-n>Missed</th>
          <th data-n>Said wrongly</th>
        </tr>
      </thead>
      <tbody>
        {effect.counts.map((one) => (
          <tr key={one.label}>
            <td>{one.label}</td>
            <td data-n>{count(one.objects)}</td>
            <td data-n>{moved(one.missed)}</td>
            <td data-n>{moved(one.wrong)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function moved([before, after]: number[]): string {
  return before === after ? count(after) : `${count(before)} → ${count(after)}`;
}
