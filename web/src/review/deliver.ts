/* A decision handed to the server. It names what the person had seen, so that nobody's decision is overwritten unseen. */
import { ApiError, get, send } from "../api/client";
import type { Verdict } from "../api/types";
import { who } from "../design/format";
import { fate } from "./core/fate";
import type { Decision, Outcome } from "./core/outbox";

const SAID: Partial<Record<Verdict["status"], string>> = {
  accepted: "accepted",
  corrected: "corrected",
  unusable: "marked unusable",
  skipped: "skipped",
};

/** The last revision that was written for each tab of each image: its own changes are no conflict. Revisions only grow. */
const written = new Map<string, number>();
/** Other tabs send for this one, and it for them. */
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("relens.review");
tabs?.addEventListener("message", ({ data }: MessageEvent<[string, number]>) => written.set(...data));

const own = (prediction: string, tab: string | undefined) => `${prediction} ${tab}`;

/** The latest revision of an image that was seen in a tab or written for it. */
export function revisionOf(prediction: string, tab: string | undefined, seen = 0): number {
  return Math.max(seen, written.get(own(prediction, tab)) ?? 0);
}

/** Of a second look there is no earlier state that could be overwritten; where somebody else was quicker, it is not needed any more. */
async function lookAgain({ prediction, method, body }: Decision): Promise<Outcome> {
  const found = await send<{ outcome?: string } | null>(method, `/predictions/${prediction}/second-look`, body);
  return found?.outcome ? { done: true } : { wait: "unreachable" };
}

async function put({ prediction, method, body, tab }: Decision, seen: number): Promise<Outcome> {
  const now = await send<Verdict>(method, `/predictions/${prediction}/verdict`, body, { "if-match": `"${seen}"` });
  // Something between here and the server answers for it.
  if (typeof now?.revision !== "number") return { wait: "unreachable" };
  written.set(own(prediction, tab), now.revision);
  // A channel between tabs has no target origin.
  // eslint-disable-next-line unicorn/require-post-message-target-origin
  tabs?.postMessage([own(prediction, tab), now.revision]);
  return { done: true, revision: now.revision };
}

function failed(error: unknown): Outcome {
  return error instanceof ApiError ? fate(error.status, error.message) : { failed: error instanceof Error ? error.message : String(error) };
}

export async function deliver(decision: Decision): Promise<Outcome> {
  try {
    if (decision.to === "second-look") return await lookAgain(decision);
    return await put(decision, revisionOf(decision.prediction, decision.tab, decision.seen));
  } catch (error) {
    if (decision.to === "second-look" && error instanceof ApiError && error.status === 409) return { refused: error.message };
    return error instanceof ApiError && error.status === 412 ? settled(decision).catch(failed) : failed(error);
  }
}

/** Somebody was there first: what was only reopened may be decided, what was decided stays. */
async function settled(decision: Decision): Promise<Outcome> {
  const there = await get<Verdict>(`/predictions/${decision.prediction}/verdict`);
  if (there.status === "pending") return put(decision, there.revision);
  return { refused: `${who(there.by)} ${SAID[there.status] ?? "reviewed"} this image meanwhile; yours was not kept.` };
}
