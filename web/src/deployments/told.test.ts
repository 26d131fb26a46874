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
  expect(storyOf({ settings: { story: { ...told, page: "#drift" } } })?.page).toBe("#drift");
});
