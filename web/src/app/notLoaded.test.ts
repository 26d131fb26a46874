import { expect, test } from "vitest";
import { notLoaded } from "./notLoaded";

test("a part that did not come is told from a mistake in a page, in every browser", () => {
  expect(notLoaded(new TypeError("Failed to fetch dynamically imported module: http://x/assets/a.js"))).toBe(true);
  expect(notLoaded(new TypeError("error loading dynamically imported module: http://x/assets/a.js"))).toBe(true);
  expect(notLoaded(new TypeError("Importing a module script failed."))).toBe(true);
  expect(notLoaded(new Error("Unable to preload CSS for /assets/a.css"))).toBe(true);
  expect(notLoaded(new TypeError("undefined is not a function"))).toBe(false);
  expect(notLoaded("x")).toBe(false);
});
