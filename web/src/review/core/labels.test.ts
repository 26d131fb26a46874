import { expect, test } from "vitest";
import { found } from "./labels";

test("what is called as typed comes before what has it in its name", () => {
  expect(found(["large cell", "Cell", "dirt"], "cell")).toEqual(["Cell", "large cell"]);
});

test("a space that was typed at the end hides nothing, and nothing typed shows all as they stand", () => {
  expect(found(["cell", "dirt"], "cell ")).toEqual(["cell"]);
  expect(found(["dirt", "cell"], "")).toEqual(["dirt", "cell"]);
});
