/* Reading what was simulated at one threshold; pure. */
import type { RateCurve, Thresholds } from "../api/types";
import { percent } from "../design/format";

/** The place of the nearest threshold that was simulated. */
export function placeOf(thresholds: readonly number[], at: number): number {
  let best = 0;
  for (let i = 1; i < thresholds.length; i += 1) if (Math.abs(thresholds[i] - at) < Math.abs(thresholds[best] - at)) best = i;
  return best;
}

export type Rate = { value: number | null; lower: number | null; upper: number | null };

export function rateAt(curve: RateCurve, place: number): Rate {
  return { value: curve.value[place], lower: curve.lower[place], upper: curve.upper[place] };
}

/** "62 % (55 to 68)"; a dash where nothing is known. */
export function rateText({ value, lower, upper }: Rate): string {
  if (value === null) return "–";
  const span = lower === null || upper === null ? "" : ` (${Math.round(lower * 100)} to ${Math.round(upper * 100)})`;
  return percent(value) + span;
}

/** Runs of known points, so that a gap in what is known is a gap in the line. */
export function runs(values: readonly (number | null)[]): [number, number][][] {
  const found: [number, number][][] = [];
  let open: [number, number][] | null = null;
  values.forEach((value, i) => {
    if (value === null) open = null;
    else if (open) open.push([i, value]);
    else found.push((open = [[i, value]]));
  });
  return found;
}

/** What a day's images would have answered, as a sentence. */
export function replaySentence(found: Thresholds, at: number, classifier: boolean): string {
  const { replay, thresholds } = found;
  const [here, now] = [placeOf(thresholds, at), placeOf(thresholds, found.threshold)];
  const instead = (after: string, before: string) => (after === before ? after : `${after} instead of ${before}`);
  const silent = instead(percent(replay.silent[here]), percent(replay.silent[now]));
  if (classifier) return `unsure of ${silent}`;
  const each = (place: number) => replay.answers[place]?.toFixed(1) ?? "–";
  return `${instead(each(here), each(now))} ${found.label ?? "detections"} each, ${silent} with none`;
}

/** The whole day before, where the viewer is. */
export function yesterday(now: Date): { from: string; to: string } {
  const day = (back: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - back).toISOString();
  return { from: day(1), to: day(0) };
}
