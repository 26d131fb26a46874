/* What programs outside numbered and the log does not have: said where one looks for images, because they are not among them. */
import { useState } from "react";
import type { Gaps as Missing, Page as Items, Writer } from "../api/types";
import { useRead } from "../api/use";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { Loaded, tableClass } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./predictions.module.css";

const SAID: [keyof Missing["counts"], string][] = [
  ["missing", "never arrived"],
  ["refused", "were refused"],
  ["dropped", "were dropped at the source"],
  ["waiting", "still wait at the source"],
];

/** Nothing while nothing is missing of the last 24 hours. */
export function Gaps({ deployment }: { deployment: string }) {
  const [open, setOpen] = useState(false);
  const gaps = useRead<Missing>(`/deployments/${deployment}/gaps`, undefined, { every: 30_000 });
  const counts = gaps.data?.counts;
  const said = counts ? SAID.filter(([why]) => counts[why] > 0) : [];
  if (!counts || !gaps.data || said.length === 0) return null;
  const bad = said.some(([why]) => why !== "waiting");
  return (
    <>
      <Notice tone={bad ? "warn" : "plain"}>
        Of the last 24 hours {said.map(([why, words]) => `${count(counts[why])} ${words}`).join(", ")}.{" "}
        <Button small onClick={() => setOpen(true)}>
          Which
        </Button>
      </Notice>
      <Dialog open={open} onClose={() => setOpen(false)} title="Images that are not here" wide>
        <ul className={css.gaps}>
          {gaps.data.items.map((gap) => (
            <li key={`${gap.writer} ${gap.source} ${gap.first_seq} ${gap.why}`}>
              <span>{gap.sentence}</span>
              <small>{gap.count > 1 ? `numbers ${gap.first_seq} to ${gap.last_seq}` : `number ${gap.first_seq}`}</small>
            </li>
          ))}
        </ul>
        {!gaps.data.complete && <p>There are more than are listed here.</p>}
        <Writers deployment={deployment} />
      </Dialog>
    </>
  );
}

function Writers({ deployment }: { deployment: string }) {
  const writers = useRead<Items<Writer>>(`/deployments/${deployment}/writers`);
  return (
    <Loaded query={writers} height={80}>
      {({ items }) =>
        items.length > 0 && (
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Program</th>
                <th>Sources</th>
                <th data-n>Waiting there</th>
                <th data-n>Last heard of</th>
              </tr>
            </thead>
            <tbody>
              {items.map((writer) => (
                <tr key={writer.name}>
                  <td>{writer.name}</td>
                  <td>{plural(writer.sources.length, "source")}</td>
                  <td data-n>{count(writer.sources.reduce((sum, source) => sum + source.waiting, 0))}</td>
                  <td data-n>
                    <Time at={writer.heard_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Loaded>
  );
}
