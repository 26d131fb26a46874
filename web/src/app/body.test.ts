import { expect, test } from "vitest";
import { bodyOf, filled, type About } from "./body";

const about: About = {
  schemas: {
    Wish: {
      type: "object",
      required: ["name", "model_version", "role", "minutes", "active"],
      properties: {
        name: { type: "string" },
        model_version: { anyOf: [{ type: "string" }, { type: "null" }] },
        role: { type: "string", enum: ["champion", "shadow"] },
        minutes: { type: "integer", minimum: 0 },
        active: { type: "boolean" },
        left: { type: "string" },
      },
    },
    Form: { type: "object", required: ["image"], properties: { image: { type: "string", format: "binary" } } },
  },
  known: { deployment: "line 1", model_version: "cells/2", dataset_version: "cells/1", dataset: "cells", model: "cells" },
};
const binary = { "application/octet-stream": { schema: { type: "string", format: "binary" } } };

test("a file is sent as it is, under a name that says what it is", () => {
  expect(bodyOf("/api/v1/assets", binary, about)).toBe(" -H 'content-type: application/octet-stream' --data-binary @image.jpg");
  expect(bodyOf("/api/v1/datasets/{name}/import", binary, about)).toContain("@dataset.zip");
  expect(bodyOf("/api/v1/deployments/{deployment}/review-import", binary, about)).toContain("@reviews.json");
  expect(bodyOf("/api/v1/models/{name}/versions", { "multipart/form-data": {} }, about)).toBe(" -F file=@model.onnx");
  expect(bodyOf("/x", { "multipart/form-data": { schema: { $ref: "#/Form" } } }, about)).toBe(" -F image=@image.jpg");
  expect(bodyOf("/x", undefined, about)).toBe("");
});

test("JSON has all that must be in it and nothing else, with what this server has", () => {
  const body = bodyOf("/x", { "application/json": { schema: { $ref: "#/components/schemas/Wish" } } }, about);
  expect(body).toBe(
    ` -H 'content-type: application/json' -d '{"name":"NAME","model_version":"cells/2","role":"champion","minutes":1,"active":true}'`,
  );
  expect(bodyOf("/x", { "application/json": { schema: {}, example: { text: "it's" } } }, about)).toContain(`{"text":"it'\\''s"}`);
});

test("places of an address are filled, and what is not known is in capitals without braces", () => {
  expect(filled("/api/v1/deployments/{deployment}/loop", about)).toBe("/api/v1/deployments/line%201/loop");
  expect(filled("/api/v1/dataset-versions/{ref}/items", about)).toBe("/api/v1/dataset-versions/cells/1/items");
  expect(filled("/api/v1/model-versions/{ref}", about)).toBe("/api/v1/model-versions/cells/2");
  expect(filled("/api/v1/models/{ref}/versions", about)).toBe("/api/v1/models/cells/versions");
  expect(filled("/api/v1/datasets/{name}/import", about)).toBe("/api/v1/datasets/my-dataset/import");
  expect(filled("/api/v1/alerts/{alert_id}", about)).toBe("/api/v1/alerts/ALERT_ID");
  const asked = [
    { name: "model_version", in: "query", required: true, schema: { type: "string" } },
    { name: "limit", in: "query", schema: { type: "integer" } },
  ];
  expect(filled("/api/v1/evaluations", about, asked)).toBe("/api/v1/evaluations?model_version=cells%2F2");
});
