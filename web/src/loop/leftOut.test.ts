import { expect, test } from "vitest";
import { leftOut } from "./leftOut";

test("every reason the server counts is said in words, the most frequent first", () => {
  const counted = { present: 1, "near-duplicate": 1, "unknown label": 1, "other task": 1, "test scene": 3, gone: 1, skipped: 2 };
  const said = leftOut(counted).split(/, (?=\d)/);
  expect(said).toHaveLength(7);
  expect(said.slice(0, 2)).toEqual(["3 in a scene that is kept for testing, and no random check", "2 skipped by a person"]);
  for (const reason of Object.keys(counted)) expect(said).not.toContain(`1 ${reason}`);
});
