import { expect, it } from "vitest";
import { inkOn, labelColour, luminance } from "./colours";

it("writes the name of every label so that it can be read on its colour", () => {
  const labels = Array.from({ length: 10 }, (_, i) => `label ${i}`);
  const colours = new Set(labels.map((label) => labelColour(label, labels)));
  expect(colours.size).toBe(10);
  for (const colour of colours) {
    const [low, high] = [luminance(colour), inkOn(colour) === "#000" ? 0 : 1].sort((a, b) => a - b);
    expect((high + 0.05) / (low + 0.05), colour).toBeGreaterThanOrEqual(4.5);
  }
});
