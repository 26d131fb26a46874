import { expect, it } from "vitest";
import { csv, flat, lines, snapshot } from "./csv";

const measure = { metric: "volume", available: true, needs: null, from: "", to: "", count: 3, value: { images: 3 }, series: [] };

it("has a column for whatever some point has", () => {
  const series = [
    { t: "2026-01-01T00:00:00Z", images: 2 },
    { t: "2026-01-01T01:00:00Z", value: { images: 1, p50: 4 } },
  ];
  expect(csv({ ...measure, series })).toBe("t,images,p50\r\n2026-01-01T00:00:00Z,2,\r\n2026-01-01T01:00:00Z,1,4");
});

it("names what lies inside by its path, and hands a spreadsheet no formula", () => {
  expect(flat({ labels: { bolt: { f1: 0.5 } }, none: null })).toEqual([["labels.bolt.f1", 0.5]]);
  expect(csv({ ...measure, value: { "=1+1": "=cmd()", said: 'a "b", c' } })).toBe('name,value\r\n\'=1+1,\'=cmd()\r\nsaid,"a ""b"", c"');
});

it("tells what is counted now without the queries behind it", () => {
  expect(snapshot({ counts: [3, 0], bin_queries: ["confidence > 0.5"], mean: 0.5 })).toBe(
    "name,value\r\ncounts.0,3\r\ncounts.1,0\r\nmean,0.5",
  );
});

it("leaves a number below zero a number, also where it was written for reading", () => {
  expect(lines([["-0.125", "-1+1"]])).toBe("-0.125,'-1+1");
});
