/* Finding a label by typing. */

/** Those that have it in their name; the one that is called so is the first. */
export function found(labels: readonly string[], wanted: string): string[] {
  const name = wanted.trim().toLowerCase();
  const some = labels.filter((label) => label.toLowerCase().includes(name));
  const own = some.filter((label) => label.toLowerCase() === name);
  return [...own, ...some.filter((label) => !own.includes(label))];
}
