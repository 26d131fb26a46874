/** Where texts are written that belong to these heights (px): each where it belongs, or just below the one above it. */
export function apart(heights: readonly number[], line = 13): number[] {
  const placed = [...heights];
  const downwards = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  downwards.forEach((i, n) => {
    if (n > 0) placed[i] = Math.max(placed[i], placed[downwards[n - 1]] + line);
  });
  return placed;
}
