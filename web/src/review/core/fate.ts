/* What an answer of the server means for a decision that was sent. Pure. */
import type { Outcome } from "./outbox";

/** `status` 0: no answer at all. A conflict (412) is for whoever can look at what is there now. */
export function fate(status: number, sentence: string): Outcome {
  if (status === 401) return { wait: "token" };
  if (status === 0 || status === 502 || status === 503 || status === 504) return { wait: "unreachable" };
  // Too slow, too many, no room left on the disk: the server says so of itself, not of this decision.
  if (status === 408 || status === 425 || status === 429 || status === 507) return { wait: "busy" };
  if (status >= 500) return { failed: sentence };
  if (status === 404 || status === 410 || status === 412) return { refused: sentence };
  return { aside: sentence };
}
