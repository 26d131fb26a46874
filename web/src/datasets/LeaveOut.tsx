/* What reviews did to this dataset, version by version, and leaving some of it out again. */
import { useEffect, useState } from "react";
import type { DatasetVersion, Page, ReviewedVersion, UndoPreview } from "../api/types";
import { send } from "../api/client";
import { useRead } from "../api/use";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { Card, Skeleton, tableClass } from "../design/page";
import { Bar, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./datasets.module.css";
import { Tile } from "./Tile";
import { Scrolled } from "../design/Scrolled";
import { useNextVersion } from "./useNextVersion";

type Choice = { versions: number[]; people?: string[]; title: string };

export function LeaveOut({ newest }: { newest: DatasetVersion }) {
  const reviewed = useRead<Page<ReviewedVersion>>(`/datasets/${newest.dataset_name}/reviews`);
  const [choice, setChoice] = useState<Choice | null>(null);
  const items = reviewed.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card title="What reviews did" flush>
      <Scrolled label="What reviews did" className={css.scroll}>
        <table className={tableClass}>
          <thead>
            <tr>
              <th>Version</th>
              <th data-n>Added</th>
              <th data-n>Changed</th>
              <th data-n>Taken out</th>
              <th data-n>Left out again</th>
              <th>Reviewed by</th>
              <th data-n>Made</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                <td>v{one.number}</td>
                <td data-n>{count(one.added)}</td>
                <td data-n>{count(one.changed)}</td>
                <td data-n>{count(one.left)}</td>
                <td data-n>{count(one.undone)}</td>
                <td className={css.people}>
                  {one.people.map((person) => (
                    <Button
                      key={person.id}
                      small
                      look="quiet"
                      title={`Leave out only what ${person.name} reviewed`}
                      onClick={() =>
                        setChoice({ versions: [one.number], people: [person.id], title: `v${one.number}, reviews by ${person.name}` })
                      }
                    >
                      {person.name} {count(person.reviews)}
                    </Button>
                  ))}
                </td>
                <td data-n>
                  <Time at={one.created_at} />
                </td>
                <td data-n>
                  <Button small onClick={() => setChoice({ versions: [one.number], title: `v${one.number}` })}>
                    {one.undone > 0 && one.added + one.changed + one.left === 0 ? "Bring back…" : "Leave out…"}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {choice && <Undo key={choice.title} newest={newest} choice={choice} onClose={() => setChoice(null)} />}
    </Card>
  );
}

function Undo({ newest, choice, onClose }: { newest: DatasetVersion; choice: Choice; onClose: () => void }) {
  const wish = { versions: choice.versions, people: choice.people ?? [], after: newest.number };
  const [seen, setSeen] = useState<UndoPreview | null>(null);
  const [problem, setProblem] = useState("");
  const making = useNextVersion(newest.dataset_name);
  const path = `/datasets/${newest.dataset_name}/undo`;
  const asked = JSON.stringify(wish);
  useEffect(() => {
    const stop = new AbortController();
    send<UndoPreview>("POST", `${path}/preview`, JSON.parse(asked), {}, stop.signal).then(setSeen, (error: unknown) => {
      if (!stop.signal.aborted) setProblem(error instanceof Error ? error.message : "There is no preview.");
    });
    return () => stop.abort();
  }, [path, asked]);
  const some = seen && seen.removed + seen.restored + seen.returned > 0;
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Without what reviews did in ${choice.title}`}
      lead="A new version is made; the earlier ones and the reviews themselves stay. Test images stay test images."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={!some || making.busy} onClick={() => void making.ask(path, wish)}>
            {making.busy ? "Making…" : `Make version ${newest.number + 1}`}
          </Button>
        </>
      }
    >
      <div className={css.change} tabIndex={0} role="group" aria-label="What would change">
        {problem && <Notice tone="bad">{problem}</Notice>}
        {making.problem && <Notice tone="bad">{making.problem}</Notice>}
        {making.busy && <Bar value={making.done} total={making.total ?? 1} label="Making the version" />}
        {!seen && !problem && <Skeleton height={120} />}
        {seen && (
          <>
            <p>
              <b>{plural(seen.reviews, "review")}</b>: {seen.sentence}.
            </p>
            {Object.keys(seen.labels).length > 0 && (
              <p>
                Annotations that leave:{" "}
                {Object.entries(seen.labels)
                  .map(([label, n]) => `${label} ${count(n)}`)
                  .join(", ")}
              </p>
            )}
            <div className={css.few}>
              {seen.examples.map(({ what, item }) => (
                <Tile key={item.asset} item={item} labels={newest.labels} note={what} />
              ))}
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}
