import { expect, it } from "vitest";
import { pageFor } from "./NextSteps";

it("leads to the page that a sentence of the server speaks of", () => {
  expect(pageFor("Review a few images: precision, recall and the next dataset version come from reviews.")).toBe("review");
  expect(pageFor("A candidate waits for your decision: see Loop.")).toBe("loop");
  expect(pageFor("Switch continuous training on in Settings, so that reviews retrain the model.")).toBe("settings");
  expect(pageFor("Choose in Settings what happens to a candidate that passes the gate.")).toBe("settings");
  expect(pageFor("Send images: the dashboard fills as they arrive.")).toBe("");
});
