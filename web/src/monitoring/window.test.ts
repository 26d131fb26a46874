import { expect, it } from "vitest";
import { readConfusion } from "./MistakeTiles";
import { column, num, times } from "./read";
import { asParams, asQuery, readWindow } from "./window";

it("the window in the address is the window asked for", () => {
  const window = readWindow(new URLSearchParams("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&source=line-2"));
  expect(window.range).toBe("custom");
  expect(asParams(window, 0)).toMatchObject({
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-01-02T00:00:00.000Z",
    source: "line-2",
  });
});

it("an address nobody can read is as if it were not there", () => {
  expect(readWindow(new URLSearchParams("from=yesterday&range=9y")).range).toBe("all");
  const turned = readWindow(new URLSearchParams("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"));
  expect([turned.from, turned.to]).toEqual(["2026-01-02T00:00:00.000Z", null]);
});

it("the choice is a query of the log, too, whatever its names hold", () => {
  const window = readWindow(new URLSearchParams('source=line "2"&tag=night&role=shadow'));
  expect(asQuery(window, [0, 60])).toBe(
    'source = "line \\"2\\"" and tag = "night" and role = "shadow" and taken_at >= 1970-01-01T00:00:00.000Z and taken_at < 1970-01-01T00:01:00.000Z',
  );
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
