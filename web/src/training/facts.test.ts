import { expect, test } from "vitest";
import { best, environmentRows, sideBySide } from "./facts";

test("rows stand side by side, and those that differ are marked", () => {
  expect(
    sideBySide([
      { epochs: 3, seed: 1 },
      { epochs: 5, seed: 1, batch: { a: 1 } },
    ]),
  ).toEqual([
    { name: "epochs", values: ["3", "5"], differs: true },
    { name: "seed", values: ["1", "1"], differs: false },
    { name: "batch", values: [null, '{"a":1}'], differs: true },
  ]);
});

test("an environment that is not known has no rows, and what is not known of one is left out", () => {
  expect(environmentRows(null)).toEqual([]);
  const rows = environmentRows({
    relens: "1",
    python: "3",
    platform: "Linux",
    cores: 4,
    threads: 3,
    seed: null,
    packages: { torch: "2" },
    program: { cuda: "12" },
  });
  expect(rows.map(([name]) => name)).toEqual(["Threads", "Relens", "Python", "torch", "Machine", "cuda, says the program"]);
  expect(rows[0][1]).toBe("3 of 4 cores");
});

test("the best of a curve skips epochs without a measure", () => {
  const epoch = (value: number | null) => ({ epoch: 1, epochs: 3, loss: 1, eta_s: null, metrics: { map50: value } });
  expect(best({ epochs: [epoch(0.2), epoch(null), epoch(0.5), epoch(0.4)] }, "map50")).toBe(0.5);
  expect(best({ epochs: [] }, "map50")).toBeNull();
});
