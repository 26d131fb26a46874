import { describe, expect, it } from "vitest";
import { fromLink, join, parts, valueOf, without, withValue } from "./query";
import { all, NOTHING, reached, stepped, toggled } from "./selection";

describe("a query", () => {
  it("is taken apart at its outermost and, not inside quotation marks or brackets", () => {
    expect(parts('label = "salt and pepper" and (a = 1 and b = 2) AND outlier > 0.9')).toEqual([
      'label = "salt and pepper"',
      "(a = 1 and b = 2)",
      "outlier > 0.9",
    ]);
    expect(parts("android = 1")).toEqual(["android = 1"]);
    expect(parts("  ")).toEqual([]);
  });

  it("stays whole where or joins it, and goes into brackets when something is added", () => {
    expect(parts("a = 1 and b = 2 or c = 3")).toEqual(["a = 1 and b = 2 or c = 3"]);
    expect(withValue("a = 1 or b = 2", "source", "line-1")).toBe('(a = 1 or b = 2) and source = "line-1"');
  });

  it("gives back the value that was set, whatever it holds", () => {
    for (const value of ["line-1", 'a "b" c', "back\\slash", "x and y", "or "]) {
      const query = withValue("outlier > 0.5", "source", value);
      expect(valueOf(query, "source")).toBe(value);
      expect(withValue(query, "source", "")).toBe("outlier > 0.5");
    }
  });

  it("replaces a filter in its place and leaves the rest as it was written", () => {
    expect(withValue("source = a and confidence < .5", "source", "b")).toBe('source = "b" and confidence < .5');
    expect(without("a = 1 and b = 2", "a = 1")).toBe("b = 2");
    expect(join(["", "a = 1"])).toBe("a = 1");
  });

  it("is made from the filters a link names", () => {
    const link = new URLSearchParams({ source: "line-2", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" });
    expect(fromLink(link)).toBe('source = "line-2" and taken_at >= 2026-01-01T00:00:00Z and taken_at < 2026-01-02T00:00:00Z');
  });
});

describe("a selection", () => {
  const order = ["a", "b", "c", "d", "e"];
  it("reaches from the last one touched, in both directions", () => {
    const one = toggled(NOTHING, "d");
    expect([...reached(one, "b", order).ids].sort()).toEqual(["b", "c", "d"]);
    expect([...reached(reached(one, "b", order), "e", order).ids].sort()).toEqual(["b", "c", "d", "e"]);
  });

  it("forgets what is touched twice", () => {
    expect(toggled(toggled(NOTHING, "a"), "a").ids.size).toBe(0);
    expect(all(order).ids.size).toBe(5);
  });

  it("walks by arrows and stops at the ends", () => {
    expect(stepped("ArrowDown", 1, 4, 10)).toBe(5);
    expect(stepped("ArrowDown", 8, 4, 10)).toBe(9);
    expect(stepped("ArrowUp", 1, 4, 10)).toBe(1);
    expect(stepped("ArrowLeft", 0, 4, 10)).toBe(0);
    expect(stepped("x", 0, 4, 10)).toBeNull();
  });
});
