/* Between what the server says of an image and what stands on the canvas. */
import type { Annotation, Detection, Prediction, Quad, Verdict } from "../api/types";
import { around } from "./core/polygon";
import type { Shape } from "./core/scene";

/** A prediction with what was decided of it, if anything was. */
export type ToReview = Prediction & { verdict?: Pick<Verdict, "status" | "annotations">; /** The revision a person sees. */ seen?: number };

type Said = Pick<Annotation, "label" | "box" | "polygon"> & { confidence?: number };

/** What the review begins with: the last correction if there is one, otherwise what was answered. */
export function startShapes(prediction: ToReview): Omit<Shape, "id">[] {
  const { verdict } = prediction;
  const said: Said[] = verdict?.status === "corrected" ? verdict.annotations : answered(prediction);
  return said.flatMap((one) => {
    const polygon = one.polygon ? flat(one.polygon) : undefined;
    const box = one.box ?? (polygon ? boxAround(polygon) : null);
    if (!box) return [];
    const [x1, y1, x2, y2] = box;
    return [{ label: one.label, confidence: one.confidence, x1, y1, x2, y2, ...(polygon ? { polygon } : {}) }];
  });
}

export function answered(prediction: Pick<Prediction, "detections" | "threshold">): Detection[] {
  return prediction.detections.filter((found) => found.answered ?? found.confidence >= prediction.threshold);
}

export function toAnnotations(shapes: readonly Shape[]): Annotation[] {
  return shapes.map(({ label, x1, y1, x2, y2, polygon }) =>
    polygon ? { label, polygon: pairs(polygon) } : { label, box: [x1, y1, x2, y2].map((value) => Math.round(value * 100) / 100) as Quad },
  );
}

function flat(polygon: number[][] | number[]): number[] {
  return (polygon as (number | number[])[]).flat() as number[];
}

function pairs(values: readonly number[]): number[][] {
  const found: number[][] = [];
  for (let i = 0; i + 1 < values.length; i += 2) found.push([values[i], values[i + 1]]);
  return found;
}

function boxAround(values: number[]): Quad {
  const { x1, y1, x2, y2 } = around(values);
  return [x1, y1, x2, y2];
}
