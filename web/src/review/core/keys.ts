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
  | "box"
  | "names"
  | "closer"
  | "farther"
  | "ask"
  | "find"
  | "help"
  | "leave";

/** `repeat`: the key is held down and the keyboard says so again. */
export type Pressed = { key: string; ctrl: boolean; shift: boolean; alt?: boolean; repeat?: boolean };

/** Held down, these go on. Everything else happens once for each press: nobody decides an image they have not seen. */
const GOES_ON: ReadonlySet<Action> = new Set(["next", "previous", "closer", "farther"]);

export const KEYS: { action: Action; keys: string; title: string }[] = [
  { action: "accept", keys: "Enter", title: "Save: accepted, or corrected if you changed something" },
  { action: "nothing", keys: "N", title: "Nothing here: save without any box" },
  { action: "unusable", keys: "X", title: "Unusable image" },
  { action: "skip", keys: "S", title: "Skip for now" },
  { action: "undo", keys: "Ctrl Z", title: "Undo; with nothing left to undo, reopen the last image" },
  { action: "redo", keys: "Ctrl Shift Z", title: "Redo" },
  { action: "next", keys: "Tab", title: "Next box, zoomed in; after the last one, on to the buttons" },
  { action: "previous", keys: "Shift Tab", title: "Previous box" },
  { action: "draw", keys: "D", title: "Draw over an existing box" },
  { action: "box", keys: "B", title: "New box in the middle, to be moved by the arrows" },
  { action: "find", keys: "/", title: "Find a label by typing" },
  { action: "delete", keys: "Delete", title: "Delete the selected box" },
  { action: "fit", keys: "F", title: "Show the whole image" },
  { action: "closer", keys: "+", title: "Closer" },
  { action: "farther", keys: "-", title: "Farther" },
  { action: "hide", keys: "H", title: "Hide the boxes" },
  { action: "names", keys: "L", title: "Hide their names" },
  { action: "ask", keys: "Q", title: "Ask a question about the image" },
  { action: "leave", keys: "Esc", title: "Select nothing" },
  { action: "help", keys: "?", title: "Show this list" },
];

/** Keys a person chose instead of the usual ones; an action is reached by one key. */
export type Bindings = Partial<Record<Action, string>>;

const USUAL: Record<string, Action> = {
  Enter: "accept",
  Tab: "next",
  Delete: "delete",
  Backspace: "delete",
  Escape: "leave",
  "?": "help",
  "/": "find",
  n: "nothing",
  x: "unusable",
  s: "skip",
  d: "draw",
  f: "fit",
  h: "hide",
  l: "names",
  b: "box",
  q: "ask",
  "+": "closer",
  "=": "closer",
  "-": "farther",
};

/** Those that can have another key: what is one press without Ctrl or Shift. */
export const CHANGEABLE: readonly Action[] = [
  "accept",
  "nothing",
  "unusable",
  "skip",
  "next",
  "draw",
  "box",
  "find",
  "delete",
  "fit",
  "closer",
  "farther",
  "hide",
  "names",
  "ask",
];

/** `Enter`, `n`: a key press as it is kept. Digits and help keep their meaning. */
export function keyName({ key, ctrl, alt }: Pressed): string | null {
  if (ctrl || alt || /^[0-9?]$/.test(key) || /^(Shift|Control|Alt|Meta|Escape|Dead|Unidentified|Arrow.*)$/.test(key)) return null;
  return key.length === 1 ? key.toLowerCase() : key;
}

/** The key that is in force, as it is shown; empty where it was given to another action and no other was chosen. */
export function shownKey(action: Action, bindings: Bindings): string {
  const line = KEYS.find((one) => one.action === action)?.keys ?? "";
  if (action === "previous") return bindings.next ? `Shift ${shownKey("next", bindings)}` : line;
  const own = bindings[action];
  if (own) return own === " " ? "Space" : own.length === 1 ? own.toUpperCase() : own;
  const usual = Object.keys(USUAL).filter((key) => USUAL[key] === action);
  const given = Object.values(bindings);
  if (usual.length === 0 || !given.includes(usual[0])) return line;
  return usual.find((key) => !given.includes(key)) ?? "";
}

/** The bindings with `key` for `action`; whoever had that key by choice goes back to its usual one. */
export function bound(bindings: Bindings, action: Action, key: string): Bindings {
  const rest = Object.fromEntries(Object.entries(bindings).filter(([other, taken]) => other !== action && taken !== key));
  return USUAL[key] === action ? rest : { ...rest, [action]: key };
}

/** The action of a key press, `{label: n}` for the n-th label (from 0), or null. */
export function meaning(pressed: Pressed, bindings: Bindings = {}): Action | { label: number } | null {
  if (pressed.alt) return null;
  const means = meant(pressed, bindings);
  return pressed.repeat && !(typeof means === "string" && GOES_ON.has(means)) ? null : means;
}

function meant({ key, ctrl, shift }: Pressed, bindings: Bindings): Action | { label: number } | null {
  if (ctrl) {
    if (key.toLowerCase() === "z") return shift ? "redo" : "undo";
    return key.toLowerCase() === "y" ? "redo" : null;
  }
  if (/^[1-9]$/.test(key)) return { label: Number(key) - 1 };
  if (key === "0") return { label: 9 };
  const name = key.length === 1 ? key.toLowerCase() : key;
  const own = Object.entries(bindings).find(([, taken]) => taken === name)?.[0] as Action | undefined;
  const usual = USUAL[name];
  const action = own ?? (usual && !bindings[usual] ? usual : null);
  return action === "next" && shift ? "previous" : action;
}

export type Nudge = { x: number; y: number; size: boolean };

/** Where an arrow moves the selected shape, in image pixels; with Shift it moves its lower right corner. A held arrow goes faster. */
export function nudge({ key, ctrl, shift, alt, repeat }: Pressed): Nudge | null {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!way || ctrl || alt) return null;
  const far = repeat ? 4 : 1;
  return { x: way[0] * far, y: way[1] * far, size: shift };
}

/** Whether a key is for the control that has the keyboard rather than for the review: a button that was reached by Tab is pressed by Enter. */
export function belongsToControl(key: string, control: "none" | "press" | "slide" | "type"): boolean {
  if (control === "type") return true;
  if (control === "none") return false;
  if (key === "Tab") return true;
  return control === "slide" ? /^(Arrow.*|Home|End|Page.*)$/.test(key) : key === "Enter" || key === " " || key.startsWith("Arrow");
}
