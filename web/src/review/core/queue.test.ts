import { describe, expect, it } from "vitest";
import { merged, refilled, renewed, resumed } from "./queue";

const items = (...ids: string[]) => ids.map((id) => ({ id }));
const any = () => true;

describe("the images to review", () => {
  it("keep what is in hand and what a person put in front, in that order, before what the server has", () => {
    const before = items("wrong-1", "wrong-2", "c", "d");
    const ours = new Set(["wrong-1", "wrong-2"]);
    expect(refilled(before, items("x", "wrong-2", "y"), any, ours)).toEqual(items("wrong-1", "wrong-2", "x", "y"));
    expect(refilled(before.slice(1), items("x", "wrong-2", "y"), any, ours)).toEqual(items("wrong-2", "x", "y"));
  });

  it("follow the server but for the one in hand where nobody put anything in front", () => {
    expect(refilled(items("a", "b", "c"), items("x", "a", "y"), any, new Set())).toEqual(items("a", "x", "y"));
    expect(refilled(items("a", "b", "c"), items("x"), ({ id }) => id !== "a", new Set())).toEqual(items("b", "x"));
  });

  it("hold none twice", () => {
    expect(merged(items("a", "b"), items("b", "c"))).toEqual(items("a", "b", "c"));
  });

  it("go on with the one that was left, if it still waits", () => {
    expect(resumed(items("a", "b", "c"), "b")).toEqual(items("b", "a", "c"));
    expect(resumed(items("a", "b"), "gone")).toEqual(items("a", "b"));
    expect(resumed(items("a", "b"), null)).toEqual(items("a", "b"));
  });

  it("are those that wait now, and what has not changed is the very same object", () => {
    const [a, b, c] = [
      { id: "a", seen: 0 },
      { id: "b", seen: 0 },
      { id: "c", seen: 0 },
    ];
    const now = renewed(
      [a, b, c],
      [
        { id: "c", seen: 0 },
        { id: "b", seen: 1 },
        { id: "d", seen: 0 },
      ],
    );
    expect(now.map(({ id, seen }) => `${id}${seen}`)).toEqual(["c0", "b1", "d0"]);
    expect(now[0]).toBe(c);
    expect(now[1]).not.toBe(b);
  });
});
