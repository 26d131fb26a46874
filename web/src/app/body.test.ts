import { expect, test } from "vitest";
import { bodyOf } from "./body";

test("an image is sent as it is, settings as JSON, a model in a form", () => {
  expect(bodyOf({ "application/octet-stream": {}, "multipart/form-data": {} })).toContain("--data-binary @FILE");
  expect(bodyOf({ "application/json": {}, "application/octet-stream": {} })).toContain("-d '{}'");
  expect(bodyOf({ "multipart/form-data": {} })).toBe(" -F file=@FILE");
  expect(bodyOf(undefined)).toBe("");
});
