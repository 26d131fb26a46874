/* The two lines of a training curve: what training minimises, and the first score it reports. */
import { SCORE_TITLES } from "./scoreTitles";
import type { Epoch } from "../api/types";
import type { CurveLine } from "./charts/Curve";

export function curveLines(epochs: readonly Epoch[]): CurveLine[] {
  const lines: CurveLine[] = [];
  if (epochs.some((epoch) => epoch.loss !== null))
    lines.push({ name: "Loss", colour: "var(--ink-3)", values: epochs.map((epoch) => epoch.loss) });
  const names = [...new Set(epochs.flatMap((epoch) => Object.keys(epoch.metrics ?? {})))];
  const main = ["map50", "accuracy", "f1"].find((name) => names.includes(name)) ?? names[0];
  if (main)
    lines.push({ name: SCORE_TITLES[main] ?? main, colour: "var(--now)", values: epochs.map((epoch) => epoch.metrics?.[main] ?? null) });
  return lines;
}

/** How many epochs a curve's axis spans. A run that ends by the clock guesses anew with each epoch; of one that is over nothing more comes. */
export function curveEnd(epochs: readonly Epoch[], over: boolean): number {
  const guessed = over ? 0 : (epochs.at(-1)?.epochs ?? 0);
  return Math.max(guessed, epochs.length);
}
