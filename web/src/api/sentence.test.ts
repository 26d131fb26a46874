import { expect, test } from "vitest";
import { ApiError } from "./client";
import { asSentence } from "./sentence";

test("what the server says begins with a capital letter", () => {
  expect(asSentence("there is no job 7")).toBe("There is no job 7");
  expect(asSentence("threshold: a number from 0 to 1")).toBe("Threshold: a number from 0 to 1");
  expect(asSentence("")).toBe("");
});

test("a name keeps its letters", () => {
  for (const said of ["'spotter' is gone", "spotter v2 has no checkpoint", "model.onnx is damaged", "line-1 is silent", "ONNX it is not"])
    expect(asSentence(said)).toBe(said);
});

test("an error of the API is such a sentence", () => {
  expect(new ApiError(404, { detail: "there is nothing at /x" }).message).toBe("There is nothing at /x");
});
