/* What needs a person first, of one deployment; null: nothing does. Pure. */
import { asSentence } from "../api/sentence";
import type { DeploymentRow } from "../api/types";
import { plural } from "../design/format";
import type { Tone } from "../design/status";

export type Row = DeploymentRow;
export type Health = { tone: Tone; text: string; to: string };

export function health(row: Row): Health | null {
  const { deployment } = row;
  const here = `/deployments/${deployment.name}`;
  if (deployment.serving?.state === "failed") {
    return { tone: "bad", text: asSentence(deployment.serving.message ?? "The version could not be loaded."), to: here };
  }
  if (row.open_alerts > 0) return { tone: "bad", text: plural(row.open_alerts, "open alert"), to: `/alerts?deployment=${deployment.id}` };
  if (row.left_usual) return { tone: "warn", text: row.left_usual, to: here };
  if (row.waiting) return { tone: "warn", text: "A candidate waits for your decision", to: `${here}/loop` };
  return null;
}
