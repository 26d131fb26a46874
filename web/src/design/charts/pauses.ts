/* Where a line over time is interrupted: pauses much longer than those between its points usually are. Pure. */

type Numbers = ArrayLike<number>;
type Values = ArrayLike<number | null | undefined>;

/** Longer than three usual steps is a pause. */
export function longestPause(times: Numbers): number {
  const steps = Array.from({ length: Math.max(times.length - 1, 0) }, (_, i) => times[i + 1] - times[i]).sort((a, b) => a - b);
  return steps.length === 0 ? Infinity : 3 * steps[steps.length >> 1];
}

/** Places of the known values that have a pause on both sides. */
export function isolated(times: Numbers, values: Values): number[] {
  const known = Array.from({ length: times.length }, (_, i) => i).filter((i) => values[i] !== null && values[i] !== undefined);
  const pause = longestPause(times);
  const near = (a: number | undefined, b: number) => a !== undefined && Math.abs(times[a] - times[b]) <= pause;
  return known.filter((at, i) => !near(known[i - 1], at) && !near(known[i + 1], at));
}
