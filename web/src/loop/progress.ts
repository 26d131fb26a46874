/* How far a run is: the server may say it as a share or as done of total. */
import type { LoopRun } from "../api/types";

export function progressOf(progress: LoopRun["progress"]): { share: number; message: string | null } | null {
  if (progress === null || progress === undefined) return null;
  if (typeof progress === "number") return { share: progress, message: null };
  return { share: progress.total > 0 ? progress.done / progress.total : 0, message: progress.message ?? null };
}
