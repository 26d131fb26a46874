import { expect, it } from "vitest";
import type { Annotation, Prediction } from "../api/types";
import { SceneStore } from "./core/scene";
import { startShapes, toAnnotations, type ToReview } from "./exchange";

const reviewed = (annotations: Annotation[]): ToReview => ({
  ...({ detections: [], threshold: 0.5 } as unknown as Prediction),
  verdict: { status: "corrected", annotations },
});
const back = (annotations: Annotation[], change: (store: SceneStore) => void = () => {}): Annotation[] => {
  const store = new SceneStore();
  store.load(startShapes(reviewed(annotations)));
  change(store);
  return toAnnotations(store.get().shapes);
};
const rle: { size: [number, number]; counts: number[] } = { size: [4, 4], counts: [5, 2, 9] };
const two = [
  [0, 0, 4, 0, 4, 4],
  [8, 8, 9, 8, 9, 9],
];

it("gives masks, outlines of several rings and crowds back as they came", () => {
  expect(back([{ label: "bolt", box: [1, 1, 2, 3], rle, crowd: true }])).toEqual([{ label: "bolt", rle, crowd: true }]);
  expect(back([{ label: "bolt", box: [0, 0, 9, 9], polygon: two }])).toEqual([{ label: "bolt", polygon: two }]);
  expect(back([{ label: "bolt", polygon: [[0, 0, 4, 0, 4, 4]] }])).toEqual([{ label: "bolt", polygon: [[0, 0, 4, 0, 4, 4]] }]);
});

it("keeps a mask that is called something else", () => {
  const renamed = back([{ label: "bolt", box: [1, 1, 2, 3], rle }], (store) => store.replace(store.get().shapes[0].id, { label: "nut" }));
  expect(renamed).toEqual([{ label: "nut", rle }]);
});

it("begins with the masks that were answered", () => {
  const prediction = { threshold: 0.5, detections: [{ label: "bolt", confidence: 0.9, answered: true, box: [1, 1, 2, 3], rle }] };
  expect(startShapes(prediction as unknown as ToReview)).toMatchObject([{ label: "bolt", x1: 1, fixed: { rle } }]);
});
