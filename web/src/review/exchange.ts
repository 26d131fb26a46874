/* Between what the server says of an image and what stands on the canvas. */
import type { Annotation, Detection, Prediction, Quad, Verdict } from "../api/types";
import type { Shape } from "./core/scene";

/** A prediction with what was decided of it, if anything was. */
export type ToReview = Prediction & { verdict?: Pick<Verdict, "status" | "annotations"> };

type Said = Pick<Annotation, "label" | "box" | "polygon"> & { confidence?: number };

/** What the review begins with: the last correction if there is one, otherwise what was answered. */
export function startShapes(prediction: ToReview): Omit<Shape, "id">[] {
  const { verdict } = prediction;
  const said: Said[] = verdict?.status === "corrected" ? verdict.annotations : answered(prediction);
  return said.flatMap((one) => {
    const polygon = one.polygon ? flat(one.polygon) : undefined;
    const box = one.box ?? (polygon ? around(polygon) : null);
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

function around(values: number[]): Quad {
  const xs = values.filter((_, i) => i % 2 === 0);
  const ys = values.filter((_, i) => i % 2 === 1);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
