import { expect, it } from "vitest";
import { storyOf } from "./told";

const told = { station: "review", sentence: "Your turn.", page: "review", button: "Review now", over: false };

it("reads the story of a demonstration, and nothing that is none", () => {
  expect(storyOf({ settings: { story: told } })).toEqual(told);
  expect(storyOf({ settings: {} })).toBeNull();
  expect(storyOf({ settings: { story: "once" } })).toBeNull();
  expect(storyOf({ settings: { story: { station: "review" } } })).toBeNull();
});

it("leads only to pages of the deployment", () => {
  expect(storyOf({ settings: { story: { ...told, page: "//elsewhere.example" } } })?.page).toBeNull();
  expect(storyOf({ settings: { story: { ...told, page: "../../x" } } })?.page).toBeNull();
  expect(storyOf({ settings: { story: { ...told, page: "predictions/0198-ab" } } })?.page).toBe("predictions/0198-ab");
  expect(storyOf({ settings: { story: { ...told, page: "predictions/0198-ab?beside=0199-cd" } } })?.page).toBe(
    "predictions/0198-ab?beside=0199-cd",
  );
  expect(storyOf({ settings: { story: { ...told, page: "review?next=//elsewhere.example" } } })?.page).toBeNull();
  expect(storyOf({ settings: { story: { ...told, page: "#drift" } } })?.page).toBe("#drift");
});

it("is over when the demonstration has been silent for long: one that was killed cannot say so", () => {
  const at = "2026-12-01T12:00:00.000000Z";
  const after = (seconds: number) => Date.parse(at) + 1000 * seconds;
  expect(storyOf({ settings: { story: { ...told, at } } }, after(60))).toEqual(told);
  const stopped = storyOf({ settings: { story: { ...told, at } } }, after(600));
  expect(stopped).toMatchObject({ over: true, page: null, sentence: "This demonstration was stopped before its end." });
  expect(storyOf({ settings: { story: { ...told, over: true, at } } }, after(600))?.sentence).toBe("Your turn.");
});
