/* Which key does what while reviewing; the sheet behind "?" is printed from this table. */

export type Action =
  | "accept"
  | "nothing"
  | "unusable"
  | "skip"
  | "undo"
  | "redo"
  | "next"
  | "previous"
  | "delete"
  | "fit"
  | "hide"
  | "draw"
  | "help"
  | "leave";

export type Pressed = { key: string; ctrl: boolean; shift: boolean };

export const KEYS: { action: Action; keys: string; title: string }[] = [
  { action: "accept", keys: "Enter", title: "Save: accepted, or corrected if you changed something" },
  { action: "nothing", keys: "N", title: "Nothing here: save without any box" },
  { action: "unusable", keys: "X", title: "Unusable image" },
  { action: "skip", keys: "S", title: "Skip for now" },
  { action: "undo", keys: "Ctrl Z", title: "Undo; with nothing left to undo, reopen the last image" },
  { action: "redo", keys: "Ctrl Shift Z", title: "Redo" },
  { action: "next", keys: "Tab", title: "Next box, zoomed in" },
  { action: "previous", keys: "Shift Tab", title: "Previous box" },
  { action: "draw", keys: "D", title: "Draw over an existing box" },
  { action: "delete", keys: "Delete", title: "Delete the selected box" },
  { action: "fit", keys: "F", title: "Show the whole image" },
  { action: "hide", keys: "H", title: "Hide the boxes" },
  { action: "leave", keys: "Esc", title: "Select nothing" },
  { action: "help", keys: "?", title: "Show this list" },
];

/** The action of a key press, `{label: n}` for the n-th label (from 0), or null. */
export function meaning({ key, ctrl, shift }: Pressed): Action | { label: number } | null {
  if (ctrl) {
    if (key.toLowerCase() === "z") return shift ? "redo" : "undo";
    return key.toLowerCase() === "y" ? "redo" : null;
  }
  if (/^[1-9]$/.test(key)) return { label: Number(key) - 1 };
  if (key === "0") return { label: 9 };
  switch (key) {
    case "Enter":
      return "accept";
    case "Tab":
      return shift ? "previous" : "next";
    case "Delete":
    case "Backspace":
      return "delete";
    case "Escape":
      return "leave";
    case "?":
      return "help";
  }
  return ({ n: "nothing", x: "unusable", s: "skip", d: "draw", f: "fit", h: "hide" } as Record<string, Action>)[key.toLowerCase()] ?? null;
}
