import { expect, test } from "vitest";
import { quoted, unquoted } from "./quoted";

test("what is put between quotation marks is read as it was", () => {
  for (const value of ["night", "two words", 'a "b" c', "back\\slash", 'ends with \\"', ""]) expect(unquoted(quoted(value))).toBe(value);
});

test("a word without quotation marks means itself", () => {
  expect(unquoted("night")).toBe("night");
  expect(unquoted("'it is'")).toBe("it is");
});
