/* Everything that was ever said of an image, the latest first. */
import type { Page as Items, Verdict } from "../api/types";
import { useRead } from "../api/use";
import { plural, who } from "../design/format";
import { Card } from "../design/page";
import { Chip, ReviewChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./predictions.module.css";

/** Nothing while nobody has reviewed it. `state` makes it ask again. */
export function History({ id, state }: { id: string; state: string }) {
  const verdicts = useRead<Items<Verdict>>(`/predictions/${id}/verdicts`, { state }, { keep: true });
  const said = (verdicts.data?.items ?? []).toReversed();
  if (said.length === 0) return null;
  return (
    <Card title="Reviews">
      <ol className={css.history}>
        {said.map((one) => (
          <li key={one.revision}>
            {one.status === "pending" ? <Chip>Reopened</Chip> : <ReviewChip state={one.status} />}
            <span>
              {who(one.by)} · <Time at={one.at} />
            </span>
            {one.status === "corrected" && (
              <small>
                {one.annotations.length === 0 ? "nothing here" : summary(one.annotations.map((annotation) => annotation.label))}
              </small>
            )}
            {one.reason && <small>{one.reason}</small>}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function summary(labels: string[]): string {
  const distinct = [...new Set(labels)];
  return labels.length === distinct.length ? distinct.join(", ") : `${plural(labels.length, "annotation")}: ${distinct.join(", ")}`;
}
