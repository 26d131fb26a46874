import { describe, expect, it } from "vitest";
import { belongsToControl, bound, keyName, meaning, nudge, shownKey } from "./keys";
import { sheetOf, type Bench } from "./sheet";

describe("a key", () => {
  const press = (key: string, ctrl = false, shift = false) => meaning({ key, ctrl, shift });
  it("means one thing", () => {
    expect(press("Enter")).toBe("accept");
    expect(press("N")).toBe("nothing");
    expect(press("Tab", false, true)).toBe("previous");
    expect(press("z", true)).toBe("undo");
    expect(press("Z", true, true)).toBe("redo");
    expect(press("1")).toEqual({ label: 0 });
    expect(press("0")).toEqual({ label: 9 });
    expect(press("w")).toBeNull();
  });

  it("decides once for each press, however long it is held, and never together with Alt", () => {
    for (const key of ["Enter", "n", "x", "s", "1"]) expect(meaning({ key, ctrl: false, shift: false, repeat: true }), key).toBeNull();
    expect(meaning({ key: "z", ctrl: true, shift: false, repeat: true })).toBeNull();
    expect(meaning({ key: "Tab", ctrl: false, shift: false, repeat: true })).toBe("next");
    expect(meaning({ key: "n", ctrl: false, shift: false, alt: true })).toBeNull();
  });

  it("moves and sizes by the arrows", () => {
    expect(nudge({ key: "ArrowLeft", ctrl: false, shift: false })).toEqual({ x: -1, y: 0, size: false });
    expect(nudge({ key: "ArrowDown", ctrl: false, shift: true, repeat: true })).toEqual({ x: 0, y: 4, size: true });
    expect(nudge({ key: "n", ctrl: false, shift: false })).toBeNull();
  });

  it("is the control's where one was reached by the keyboard", () => {
    expect(belongsToControl("Enter", "press")).toBe(true);
    expect(belongsToControl("n", "press")).toBe(false);
    expect(belongsToControl("Tab", "press")).toBe(true);
    expect(belongsToControl("Tab", "none")).toBe(false);
    expect(belongsToControl("ArrowLeft", "slide")).toBe(true);
    expect(belongsToControl("x", "type")).toBe(true);
  });

  it("can be another one, and the usual one then means nothing", () => {
    const mine = bound({}, "skip", "j");
    expect(meaning({ key: "J", ctrl: false, shift: false }, mine)).toBe("skip");
    expect(meaning({ key: "s", ctrl: false, shift: false }, mine)).toBeNull();
    expect(shownKey("skip", mine)).toBe("J");
    expect(bound(mine, "skip", "s")).toEqual({});
  });

  it("belongs to one action only", () => {
    const swapped = bound(bound({}, "skip", "x"), "nothing", "x");
    expect(swapped).toEqual({ nothing: "x" });
    expect(meaning({ key: "x", ctrl: false, shift: false }, swapped)).toBe("nothing");
    expect(keyName({ key: "5", ctrl: false, shift: false })).toBeNull();
  });

  it("is shown as it is in force: none for the action whose usual key went to another one", () => {
    const mine = bound(bound({}, "accept", "n"), "next", "j");
    expect(shownKey("accept", mine)).toBe("N");
    expect(shownKey("nothing", mine)).toBe("");
    expect(shownKey("previous", mine)).toBe("Shift J");
    expect(meaning({ key: "J", ctrl: false, shift: true }, mine)).toBe("previous");
    expect(shownKey("closer", bound({}, "skip", "+"))).toBe("=");
    expect(shownKey("undo", mine)).toBe("Ctrl Z");
  });

  it("stands on the sheet of the bench that listens to it", () => {
    const actions = (bench: Bench) => sheetOf(bench).flatMap(({ action }) => action ?? []);
    expect(actions("label")).not.toContain("nothing");
    expect(actions("label")).toContain("find");
    expect(actions("grid")).toEqual([]);
    expect(actions("outlines")).toEqual(actions("boxes"));
  });
});
