import { expect, it } from "vitest";
import { readConfusion } from "./ReviewTiles";
import { column, num, times } from "./read";
import { asParams, readWindow } from "./window";

it("the window in the address is the window asked for", () => {
  const window = readWindow(new URLSearchParams("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&source=line-2"));
  expect(window.range).toBe("custom");
  expect(asParams(window, 0)).toMatchObject({ from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", source: "line-2" });
});

it("a moving range asks for the same thing twice within its step, and everything asks for no bounds", () => {
  const day = readWindow(new URLSearchParams("range=24h"));
  const at = Date.parse("2026-01-02T00:00:01Z");
  expect(asParams(day, at)).toEqual(asParams(day, at + 2000));
  expect(asParams(day, at).from).toBe("2026-01-01T00:00:00.000Z");
  expect(asParams(readWindow(new URLSearchParams()), at).from).toBeNull();
});

it("a number that is not there is null, never 0", () => {
  const measure = {
    metric: "drift",
    available: true,
    needs: null,
    from: "",
    to: "",
    count: 1,
    value: { d: null },
    series: [{ t: "1970-01-01T00:00:10Z", value: { d: 0.5 } }, { t: "1970-01-01T00:00:20Z" }],
  };
  expect(num(measure.value, "d")).toBeNull();
  expect(times(measure)).toEqual([10, 20]);
  expect(column(measure, "d")).toEqual([0.5, null]);
});

it("a confusion without counts is no confusion", () => {
  expect(readConfusion({ confusion: { labels: ["a"], counts: [] } })).toBeNull();
});
