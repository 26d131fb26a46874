/* How far a run's current step is; a step that cannot tell its total has no share. */
import type { LoopRun } from "../api/types";

export function progressOf(progress: LoopRun["progress"] | null | undefined): { share: number | null; message: string } | null {
  if (!progress) return null;
  return { share: progress.total ? Math.min(1, progress.done / progress.total) : null, message: progress.message };
}
