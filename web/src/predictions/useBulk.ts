/* One decision for many images, a few at a time, and the way back to what was said of each before. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { get, send } from "../api/client";
import type { Prediction, Verdict } from "../api/types";
import { plural } from "../design/format";

type Status = "accepted" | "unusable" | "pending";
type Before = { id: string; verdict: Pick<Verdict, "status" | "annotations" | "reason"> | null };

const AT_ONCE = 6;
const DONE: Record<Status, string> = { accepted: "accepted", unusable: "marked unusable", pending: "reopened" };

async function each<T>(things: readonly T[], work: (thing: T) => Promise<void>, told: (done: number) => void): Promise<number> {
  let next = 0;
  let done = 0;
  let failed = 0;
  const worker = async () => {
    while (next < things.length) {
      const thing = things[next++];
      try {
        await work(thing);
      } catch {
        failed += 1;
      }
      told(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, things.length) }, worker));
  return failed;
}

function say(id: string, verdict: Before["verdict"]): Promise<unknown> {
  const path = `/predictions/${id}/verdict`;
  if (!verdict || verdict.status === "pending") return send("DELETE", path);
  return send("PUT", path, { status: verdict.status, annotations: verdict.annotations, reason: verdict.reason ?? "" });
}

export function useBulk(deployment: string) {
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const [before, setBefore] = useState<Before[] | null>(null);

  const stale = () =>
    client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith(`/deployments/${deployment}`) });

  const run = async (chosen: readonly Prediction[], status: Status, reason: string) => {
    setBusy(true);
    setBefore(null);
    const kept: Before[] = [];
    const failed = await each(
      chosen,
      async ({ id, review }) => {
        const verdict = review === "pending" ? null : await get<Verdict>(`/predictions/${id}/verdict`);
        await say(id, status === "pending" ? null : { status, annotations: [], reason });
        kept.push({ id, verdict });
      },
      (done) => setSaid(`${done} of ${chosen.length}…`),
    );
    setSaid(`${plural(kept.length, "image")} ${DONE[status]}.${failed ? ` ${failed} could not be.` : ""}`);
    setBefore(kept);
    setBusy(false);
    await stale();
  };

  const undo = async () => {
    if (!before) return;
    setBusy(true);
    setBefore(null);
    const failed = await each(
      before,
      async (one) => void (await say(one.id, one.verdict)),
      (done) => setSaid(`${done} of ${before.length}…`),
    );
    setSaid(failed ? `${failed} could not be put back.` : `${plural(before.length, "image")} as before.`);
    setBusy(false);
    await stale();
  };

  const forget = () => (setSaid(""), setBefore(null));
  return { said, busy, run, forget, undo: before && before.length > 0 ? undo : null };
}
