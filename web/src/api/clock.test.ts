import { expect, it } from "vitest";
import { heard, serverNow } from "./clock";

const NOON = Date.parse("2026-12-01T12:00:00Z");
const SAID = "Tue, 01 Dec 2026 12:00:00 GMT";

it("tells the server's time on a clock that goes wrong, and leaves one alone that goes right", () => {
  heard(SAID, NOON + 150_000);
  expect(Math.abs(serverNow(NOON + 150_000) - NOON)).toBeLessThanOrEqual(500);
  heard(SAID, NOON + 150_900); // the same, as exactly as whole seconds allow: nothing jumps
  expect(serverNow(NOON + 160_000)).toBe(NOON + 10_500);
  heard(SAID, NOON - 3_600_000);
  expect(Math.abs(serverNow(NOON - 3_600_000) - NOON)).toBeLessThanOrEqual(500);
  heard(SAID, NOON + 900);
  expect(serverNow(NOON + 900)).toBe(NOON + 900);
});

it("keeps what it knows where an answer does not say", () => {
  heard(SAID, NOON + 60_500);
  heard(null, NOON);
  heard("later", NOON);
  expect(serverNow(NOON + 60_500)).toBe(NOON + 500);
});
