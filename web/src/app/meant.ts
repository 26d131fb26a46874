/* Which page a mistyped address may have meant. Pure. */

const PLACES = ["deployments", "models", "datasets", "training", "alerts", "jobs", "system"];

/** The same address with its first word put right, or null when no page's name is near. */
export function meant(pathname: string): string | null {
  const [first = "", ...rest] = pathname.split("/").filter(Boolean);
  const word = first.toLowerCase();
  if (word === "") return null;
  const near = PLACES.map((place) => ({ place, steps: distance(word, place) })).sort((a, b) => a.steps - b.steps)[0];
  if (near.steps > Math.max(1, Math.floor(word.length / 3))) return null;
  const guess = `/${[near.place, ...rest].join("/")}`;
  return guess === pathname ? null : guess;
}

/** Letters to add, take away or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
