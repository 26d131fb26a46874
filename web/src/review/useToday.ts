/* How many images of a deployment this person decided today, as the server counts them, with those still on their way to it. */
import { useState, useSyncExternalStore } from "react";
import { useRead } from "../api/use";
import { outgoing } from "./outgoing";

function midnight(): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}

export function useToday(deployment: { id: string; name: string }): number {
  const [since] = useState(midnight);
  const counted = useRead<{ count: number }>(`/deployments/${deployment.name}/verdicts/count`, { from: since, mine: true }, { keep: true });
  const waiting = useSyncExternalStore(outgoing.subscribe, outgoing.all);
  const own = waiting.filter((one) => one.deployment === deployment.id && one.method === "PUT" && one.seen === 0);
  return (counted.data?.count ?? 0) + own.length;
}
