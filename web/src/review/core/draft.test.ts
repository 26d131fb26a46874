import { expect, it } from "vitest";
import { draftOf, forgetDraft, keepDraft } from "./draft";
import { SceneStore } from "./scene";

function shelf() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const box = { label: "a", x1: 1, y1: 2, x2: 30, y2: 40 };

it("what was drawn comes back on the same image, as something that can be undone", () => {
  const place = shelf();
  const store = new SceneStore();
  store.load([box]);
  store.add({ ...box, x1: 5 });
  keepDraft(place, "p1", 0, store.get().shapes);
  const again = new SceneStore();
  again.load([box]);
  again.restore(draftOf(place, "p1", 0) ?? []);
  expect(again.get().shapes.map(({ x1 }) => x1)).toEqual([1, 5]);
  expect(again.changed).toBe(true);
  again.undo();
  expect(again.get().shapes).toHaveLength(1);
  expect(again.changed).toBe(false);
});

it("it does not come back on another image, after somebody else's review, or once it was decided", () => {
  const place = shelf();
  keepDraft(place, "p1", 0, [{ ...box, id: 1 }]);
  expect(draftOf(place, "p2", 0)).toBeNull();
  expect(draftOf(place, "p1", 1)).toBeNull();
  forgetDraft(place);
  expect(draftOf(place, "p1", 0)).toBeNull();
});

it("a store that is full or broken is no reason to stop", () => {
  const broken = {
    getItem: () => "{",
    setItem: () => {
      throw new Error("full");
    },
  };
  keepDraft(broken, "p1", 0, []);
  expect(draftOf(broken, "p1", 0)).toBeNull();
});
