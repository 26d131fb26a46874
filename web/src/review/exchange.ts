/* Between what the server says of an image and what stands on the canvas. */
import type { Annotation, Detection, Prediction, Quad, Queued, Verdict } from "../api/types";
import { around } from "./core/polygon";
import type { Rle, Shape } from "./core/scene";

/** A prediction with what was decided of it, if anything was. */
export type ToReview = Prediction &
  Partial<Pick<Queued, "lane" | "blind" | "looks">> & {
    verdict?: Pick<Verdict, "status"> & { annotations: Annotation[] };
    /** The revision a person sees. */
    seen?: number;
  };

type Said = (Annotation | Detection) & { confidence?: number; crowd?: boolean };

/** What the review begins with: the last correction if there is one, otherwise what was answered. */
export function startShapes(prediction: ToReview): Omit<Shape, "id">[] {
  const { verdict, looks } = prediction;
  if (looks?.length) return shapesOf(looks[0].annotations);
  return shapesOf(verdict?.status === "corrected" ? verdict.annotations : answered(prediction));
}

export function shapesOf(said: readonly Said[]): Omit<Shape, "id">[] {
  return said.flatMap((one) => {
    const form = formOf(one);
    const box = one.box ?? form.box;
    if (!box) return [];
    const [x1, y1, x2, y2] = box;
    const { label, confidence, crowd } = one;
    return [{ label, confidence, x1, y1, x2, y2, ...form.kept, ...(crowd ? { crowd } : {}) }];
  });
}

/** A single ring can be redrawn; several, or a mask, stay as they are. */
function formOf({ polygon, rle }: Said): { box: Quad | null; kept: Pick<Shape, "polygon" | "fixed"> } {
  if (rle) return { box: null, kept: { fixed: { rle: rle as Rle } } };
  const rings = polygon ? ringsOf(polygon) : [];
  if (rings.length === 0) return { box: null, kept: {} };
  const { x1, y1, x2, y2 } = around(rings.flat());
  return { box: [x1, y1, x2, y2], kept: rings.length === 1 ? { polygon: rings[0] } : { fixed: { rings } } };
}

export function answered(prediction: Pick<Prediction, "detections" | "threshold">): Detection[] {
  return prediction.detections.filter((found) => found.answered ?? found.confidence >= prediction.threshold);
}

export function toAnnotations(shapes: readonly Shape[]): Annotation[] {
  return shapes.map((shape) => {
    const { label, crowd } = shape;
    return { label, ...placeOf(shape), ...(crowd ? { crowd } : {}) };
  });
}

function placeOf({ fixed, polygon, x1, y1, x2, y2 }: Shape): Pick<Annotation, "box" | "polygon" | "rle"> {
  if (fixed)
    return "rle" in fixed
      ? { rle: { size: [...fixed.rle.size], counts: [...fixed.rle.counts] } }
      : { polygon: fixed.rings.map((ring) => [...ring]) };
  if (polygon) return { polygon: [[...polygon]] };
  return { box: [x1, y1, x2, y2].map((value) => Math.round(value * 100) / 100) as Quad };
}

/** Each ring as x, y, x, y, …; the server sends a list of them. */
function ringsOf(polygon: number[][] | number[]): number[][] {
  return typeof polygon[0] === "number" ? [polygon as number[]] : (polygon as number[][]);
}
