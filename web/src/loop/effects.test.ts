import { expect, it } from "vitest";
import { saidBy } from "./Effects";

it("a person's part says only what there is of it", () => {
  expect(saidBy({ name: "Alice", mine: false, accepted: 0, corrected: 1, taken_out: 0 })).toBe("Alice: 1 correction");
  expect(saidBy({ name: "Alice", mine: true, accepted: 2, corrected: 43, taken_out: 1 })).toBe(
    "you: 43 corrections, 2 accepted, 1 taken out",
  );
});
