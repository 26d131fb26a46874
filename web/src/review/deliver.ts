/* A decision handed to the server. It names what the person had seen, so that nobody's decision is overwritten unseen. */
import { ApiError, get, send } from "../api/client";
import type { Verdict } from "../api/types";
import { who } from "../design/format";
import type { Decision } from "./core/outbox";

const SAID: Partial<Record<Verdict["status"], string>> = {
  accepted: "accepted",
  corrected: "corrected",
  unusable: "marked unusable",
  skipped: "skipped",
};

/** The last revision this page wrote of each image: its own changes are no conflict. */
const written = new Map<string, number>();

function put({ prediction, method, body }: Decision, seen: number | undefined): Promise<Verdict> {
  return send<Verdict>(method, `/predictions/${prediction}/verdict`, body, seen === undefined ? {} : { "if-match": `"${seen}"` });
}

export async function deliver(decision: Decision): Promise<"done" | "unreachable" | { refused: string }> {
  const { prediction } = decision;
  try {
    const now = await put(decision, written.get(prediction) ?? decision.seen);
    written.set(prediction, now.revision);
    return "done";
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) return "unreachable";
    if (error.status !== 412) return { refused: error.message };
  }
  return settled(decision);
}

/** Somebody was there first: what was only reopened may be decided, what was decided stays. */
async function settled(decision: Decision): Promise<"done" | "unreachable" | { refused: string }> {
  try {
    const there = await get<Verdict>(`/predictions/${decision.prediction}/verdict`);
    if (there.status !== "pending") {
      return { refused: `${who(there.by)} ${SAID[there.status] ?? "reviewed"} this image meanwhile; yours was not kept.` };
    }
    written.set(decision.prediction, (await put(decision, there.revision)).revision);
    return "done";
  } catch (error) {
    return error instanceof ApiError && error.status > 0 && error.status < 500 ? { refused: error.message } : "unreachable";
  }
}
