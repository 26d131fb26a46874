import { expect, it } from "vitest";
import { filtering, PLAIN } from "./filtered";

it("an image is filtered once, however often it is drawn, and not at all where nothing is to be changed", () => {
  let made = 0;
  const filtered = filtering((_, filter) => ({ filter, number: ++made }) as unknown as CanvasImageSource);
  const [one, other] = [{}, {}] as CanvasImageSource[];
  expect(filtered(one, PLAIN)).toBe(one);
  const first = filtered(one, "brightness(140%)");
  expect(filtered(one, "brightness(140%)")).toBe(first);
  expect(made).toBe(1);
  expect(filtered(one, "brightness(150%)")).not.toBe(first);
  filtered(other, "brightness(150%)");
  expect(made).toBe(3);
});
