import { expect, it } from "vitest";
import { meant } from "./meant";

it("puts the first word right and keeps what follows", () => {
  expect(meant("/deployment/weld-line/review")).toBe("/deployments/weld-line/review");
  expect(meant("/Dataset")).toBe("/datasets");
  expect(meant("/job")).toBe("/jobs");
});

it("guesses nothing from what is like no page, nor the address itself", () => {
  expect(meant("/grafana/api")).toBeNull();
  expect(meant("/models/a/1/2")).toBeNull();
  expect(meant("/")).toBeNull();
});
