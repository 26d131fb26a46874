/* One decision for many images, a few at a time, and the way back to what was said of each before. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Prediction } from "../api/types";
import { plural } from "../design/format";
import { decideSeen, each, putBack, type Outcome, type Step } from "./core/bulk";
import { door } from "./door";

type Status = "accepted" | "unusable" | "pending";

const DONE: Record<Status, string> = { accepted: "accepted", unusable: "marked unusable", pending: "reopened" };

/** What did not happen, and why. */
function rest({ changed, failed, why }: Outcome<unknown>): string {
  const others = changed
    ? ` ${plural(changed, "image")} somebody else reviewed meanwhile ${changed === 1 ? "stays" : "stay"} as it was said.`
    : "";
  return others + (failed ? ` ${failed} could not be: ${why}` : "");
}

export function useBulk(deployment: string) {
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const [steps, setSteps] = useState<Step[]>([]);

  const work = async <T, R>(things: readonly T[], one: (thing: T) => Promise<R>, say: (outcome: Outcome<R>) => string): Promise<R[]> => {
    setBusy(true);
    setSteps([]);
    const outcome = await each(things, one, (done) => setSaid(`${done} of ${things.length}…`));
    setSaid(say(outcome) + rest(outcome));
    setBusy(false);
    await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith(`/deployments/${deployment}`) });
    return outcome.done;
  };
  const run = async (chosen: readonly Prediction[], status: Status, reason: string) =>
    setSteps(
      await work(
        chosen,
        (one) => decideSeen(door, one, { status, annotations: [], reason }),
        ({ done }) => `${plural(done.length, "image")} ${DONE[status]}.`,
      ),
    );
  const undo = () =>
    void work(
      steps,
      (step) => putBack(door, step),
      ({ done }) => `${plural(done.length, "image")} as before.`,
    );
  const forget = () => (setSaid(""), setSteps([]));
  return { said, busy, run, forget, undo: steps.length > 0 && !busy ? undo : null };
}
