/* Which images of a list are chosen, as keyboard and mouse choose everywhere else: one, a range, all. Pure. */

export type Selection = { readonly ids: ReadonlySet<string>; readonly anchor: string | null };

export const NOTHING: Selection = { ids: new Set(), anchor: null };

export function toggled(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id };
}

/** Everything between the last one touched and this one joins; without a last one, only this. */
export function reached(selection: Selection, id: string, order: readonly string[]): Selection {
  const from = selection.anchor === null ? -1 : order.indexOf(selection.anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return { ids: new Set([...selection.ids, id]), anchor: id };
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...between]), anchor: selection.anchor };
}

export function all(order: readonly string[]): Selection {
  return { ids: new Set(order), anchor: order[0] ?? null };
}

/** Where the arrow keys lead from place `at` in a list that stands in `columns`. */
export function stepped(key: string, at: number, columns: number, length: number): number | null {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -4 * columns, PageDown: 4 * columns }[key];
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  if (by === undefined) return null;
  if (Math.abs(by) > 1 && (at + by < 0 || at + by > length - 1)) return by < 0 ? at : length - 1;
  return Math.min(Math.max(at + by, 0), length - 1);
}
