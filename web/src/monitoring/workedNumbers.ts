/* The arithmetic of the small examples that explain the metrics; the same definitions the server counts by. Pure. */

/** The smallest value that at least a share `q` of them does not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)];
}

/** The largest gap between two distribution functions, and where it is. */
export function largestGap(a: readonly number[], b: readonly number[]): { d: number; at: number } {
  const below = (values: readonly number[], x: number) => values.filter((value) => value <= x).length / values.length;
  return [...a, ...b].reduce(
    (best, x) => {
      const d = Math.abs(below(a, x) - below(b, x));
      return d > best.d ? { d, at: x } : best;
    },
    { d: 0, at: a[0] },
  );
}

export type Corners = readonly [number, number, number, number];

/** Intersection over union of two boxes x1 y1 x2 y2. */
export function overlap(a: Corners, b: Corners): number {
  const side = (low: number, high: number) => Math.max(0, high - low);
  const shared = side(Math.max(a[0], b[0]), Math.min(a[2], b[2])) * side(Math.max(a[1], b[1]), Math.min(a[3], b[3]));
  const area = (box: Corners) => (box[2] - box[0]) * (box[3] - box[1]);
  return shared / (area(a) + area(b) - shared);
}

export type Ranked = { confidence: number; right: boolean };

/** Precision and recall as the threshold goes down one answer at a time, the surest first. */
export function precisionRecall(answers: readonly Ranked[], objects: number): { recall: number; precision: number; confidence: number }[] {
  let right = 0;
  return answers
    .toSorted((a, b) => b.confidence - a.confidence)
    .map((answer, i) => {
      right += Number(answer.right);
      return { recall: right / objects, precision: right / (i + 1), confidence: answer.confidence };
    });
}

/** Half the summed difference of two distributions given as counts. */
export function variation(p: readonly number[], q: readonly number[]): number {
  const share = (counts: readonly number[]) => counts.map((n) => n / counts.reduce((sum, one) => sum + one, 0));
  const [a, b] = [share(p), share(q)];
  return a.reduce((sum, one, i) => sum + Math.abs(one - b[i]), 0) / 2;
}
