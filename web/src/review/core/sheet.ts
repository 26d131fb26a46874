/* What stands on the sheet behind "?": only keys that do something where the person is. */
import { KEYS, type Action } from "./keys";

/** Boxes or outlines on an image, one label for an image, or twenty images at once. */
export type Bench = "boxes" | "outlines" | "label" | "grid";

/** `action`: its key can be another one. `keys`: as they are; `words`: not keys but what the hand does. */
export type SheetLine = { action?: Action; keys?: string; words?: string; title: string };

const LOOKING: SheetLine = { words: "Wheel, Alt drag", title: "Zoom and pan" };
const DIGITS = "1 … 0";
const ARROWS = "← → ↑ ↓";

const SHAPES: SheetLine[] = [
  ...KEYS,
  { keys: DIGITS, title: "Label of the selected box, and of the next one drawn" },
  { keys: ARROWS, title: "Move the selected box, with Shift its lower right corner; with none selected, the view" },
];

const OUTLINES: SheetLine[] = [
  { words: "Press", title: "Corner by corner of a new outline; Enter or a double press closes it, Ctrl Z takes the last corner back" },
  { words: "Drag an edge", title: "Another corner; a double press on a corner takes it away" },
];

/** With one label for the whole image there is nothing to select, to move or to hide. */
const WHOLE: ReadonlySet<Action> = new Set(["accept", "unusable", "skip", "undo", "find", "fit", "closer", "farther", "ask", "help"]);
const SAID: Partial<Record<Action, string>> = { accept: "Accept the answer", undo: "Reopen the last image" };

const GRID: SheetLine[] = [
  { keys: ARROWS, title: "Go from image to image" },
  { keys: "Space", title: "Wrong: looked at one by one afterwards" },
  { keys: "Enter", title: "Accept all that are not marked" },
  { keys: "Ctrl Z", title: "Reopen what was decided last" },
  { keys: "?", title: "Show this list" },
];

export function sheetOf(bench: Bench): SheetLine[] {
  if (bench === "grid") return GRID;
  if (bench === "boxes") return [...SHAPES, LOOKING];
  if (bench === "outlines") return [...SHAPES, ...OUTLINES, LOOKING];
  return [
    ...KEYS.filter(({ action }) => WHOLE.has(action)).map((line) => ({ ...line, title: SAID[line.action] ?? line.title })),
    { keys: DIGITS, title: "That label, and on to the next image" },
    { keys: ARROWS, title: "Move the view" },
    LOOKING,
  ];
}
