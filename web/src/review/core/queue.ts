/* The images to review as a list: what is in hand and what a person put in front stay there, whatever the server puts behind them. Pure. */

type Item = { id: string };

/** `ours`: what a person put in front. The first that `fits` is in hand. */
export function refilled<T extends Item>(
  before: readonly T[],
  fresh: readonly T[],
  fits: (item: T) => boolean,
  ours: ReadonlySet<string>,
): T[] {
  const inHand = before.find(fits)?.id;
  return merged(
    before.filter(({ id }) => id === inHand || ours.has(id)),
    fresh,
  );
}

/** The first list, and of the second what it lacks. */
export function merged<T extends Item>(before: readonly T[], found: readonly T[]): T[] {
  const known = new Set(before.map((item) => item.id));
  return [...before, ...found.filter((item) => !known.has(item.id))];
}

/** What the server says waits, in place of a list from a while ago: what is the same in it stays the very same object. */
export function renewed<T extends Item>(before: readonly T[], fresh: readonly T[]): T[] {
  const known = new Map(before.map((item) => [item.id, item]));
  return fresh.map((item) => {
    const old = known.get(item.id);
    return old && JSON.stringify(old) === JSON.stringify(item) ? old : item;
  });
}

/** Where the person left: what was in hand then comes first again, if it still waits. */
export function resumed<T extends Item>(items: readonly T[], left: string | null): T[] {
  return merged(
    items.filter(({ id }) => id === left),
    items,
  );
}
