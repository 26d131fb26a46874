/* Draws the image and its shapes. A thousand boxes take well under a frame: one pass, no per-shape elements. */
import { inkOn } from "../../design/colours";
import { handlePoint, HANDLES, type Point, type Rect, type Size } from "./geometry";
import type { Scene, Shape } from "./scene";
import { inSight, toScreen, type Viewport } from "./viewport";

export type Frame = {
  scene: Scene;
  view: Viewport;
  canvas: Size;
  image: CanvasImageSource | null;
  imageSize: Size;
  draft: Rect | null;
  /** An outline that is being drawn, with the pointer as its last corner. */
  path: readonly number[] | null;
  draftLabel: string;
  hideLabels: boolean;
  dimmed: boolean;
  /** A mask in its colour, as large as the shape's box in image pixels. */
  mask: (shape: Shape, colour: string) => CanvasImageSource | null;
  colour: (label: string) => string;
  font: string;
};

export function render(context: CanvasRenderingContext2D, frame: Frame, density: number): void {
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, frame.canvas.width, frame.canvas.height);
  const { view, imageSize } = frame;
  if (frame.image) {
    context.imageSmoothingEnabled = view.scale < 4;
    context.drawImage(frame.image, view.x, view.y, imageSize.width * view.scale, imageSize.height * view.scale);
  }
  if (frame.dimmed) return;
  for (const shape of frame.scene.shapes)
    if (shape.id !== frame.scene.selected && inSight(view, frame.canvas, shape)) drawShape(context, frame, shape, false);
  const selected = frame.scene.shapes.find((shape) => shape.id === frame.scene.selected);
  if (selected) drawShape(context, frame, selected, true);
  if (frame.path) drawPath(context, frame, frame.path, frame.colour(frame.draftLabel));
  if (frame.draft) drawBox(context, frame, frame.draft, frame.colour(frame.draftLabel), true);
}

function drawBox(context: CanvasRenderingContext2D, frame: Frame, rect: Rect, colour: string, strong: boolean): void {
  const from = toScreen(frame.view, { x: rect.x1, y: rect.y1 });
  const to = toScreen(frame.view, { x: rect.x2, y: rect.y2 });
  context.strokeStyle = colour;
  context.lineWidth = strong ? 2.2 : 1.5;
  context.globalAlpha = strong ? 0.16 : 0.07;
  context.fillStyle = colour;
  context.fillRect(from.x, from.y, to.x - from.x, to.y - from.y);
  context.globalAlpha = 1;
  context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
}

function drawShape(context: CanvasRenderingContext2D, frame: Frame, shape: Shape, selected: boolean): void {
  const colour = frame.colour(shape.label);
  const mask = shape.fixed && "rle" in shape.fixed ? frame.mask(shape, colour) : null;
  if (mask) drawMask(context, frame, shape, mask, colour, selected);
  else if (shape.fixed && "rings" in shape.fixed) drawRings(context, frame, shape.fixed.rings, colour, selected);
  else if (shape.polygon) drawRings(context, frame, [shape.polygon], colour, selected);
  else drawBox(context, frame, shape, colour, selected);
  if (!frame.hideLabels || selected) drawName(context, frame, shape, colour);
  if (selected && !shape.fixed) drawHandles(context, frame, shape);
}

function drawMask(
  context: CanvasRenderingContext2D,
  { view }: Frame,
  rect: Rect,
  mask: CanvasImageSource,
  colour: string,
  selected: boolean,
): void {
  const from = toScreen(view, { x: rect.x1, y: rect.y1 });
  const [wide, tall] = [(rect.x2 - rect.x1) * view.scale, (rect.y2 - rect.y1) * view.scale];
  context.globalAlpha = selected ? 0.55 : 0.35;
  context.drawImage(mask, from.x, from.y, wide, tall);
  context.globalAlpha = selected ? 1 : 0.5;
  context.strokeStyle = colour;
  context.lineWidth = selected ? 2.2 : 1;
  context.strokeRect(from.x, from.y, wide, tall);
  context.globalAlpha = 1;
}

function drawRings(
  context: CanvasRenderingContext2D,
  frame: Frame,
  rings: readonly (readonly number[])[],
  colour: string,
  selected: boolean,
): void {
  context.beginPath();
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i += 2) {
      const at = toScreen(frame.view, { x: ring[i], y: ring[i + 1] });
      if (i === 0) context.moveTo(at.x, at.y);
      else context.lineTo(at.x, at.y);
    }
    context.closePath();
  }
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.globalAlpha = selected ? 0.28 : 0.14;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = selected ? 2.2 : 1.5;
  context.stroke();
}

function drawPath(context: CanvasRenderingContext2D, frame: Frame, path: readonly number[], colour: string): void {
  context.beginPath();
  for (const point of pointsOf(path)) {
    const at = toScreen(frame.view, point);
    context.lineTo(at.x, at.y);
    context.rect(at.x - 2, at.y - 2, 4, 4);
    context.moveTo(at.x, at.y);
  }
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

function pointsOf(flat: readonly number[]): Point[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({ x: flat[2 * i], y: flat[2 * i + 1] }));
}

function drawName(context: CanvasRenderingContext2D, frame: Frame, shape: Shape, colour: string): void {
  const at = toScreen(frame.view, { x: shape.x1, y: shape.y1 });
  const text = shape.confidence === undefined ? shape.label : `${shape.label} ${Math.round(shape.confidence * 100)}`;
  context.font = `600 11px ${frame.font}`;
  const wide = context.measureText(text).width + 8;
  const top = at.y - 16 < 0 ? at.y : at.y - 16;
  context.fillStyle = colour;
  context.fillRect(at.x - 0.75, top, wide, 16);
  context.fillStyle = inkOn(colour);
  context.fillText(text, at.x + 3.25, top + 11.5);
}

function drawHandles(context: CanvasRenderingContext2D, frame: Frame, shape: Shape): void {
  context.fillStyle = "#fff";
  context.strokeStyle = "#10131a";
  context.lineWidth = 1;
  const corners = shape.polygon ? pointsOf(shape.polygon) : HANDLES.map((handle) => handlePoint(shape, handle));
  for (const corner of corners) {
    const at = toScreen(frame.view, corner);
    context.fillRect(at.x - 3.5, at.y - 3.5, 7, 7);
    context.strokeRect(at.x - 3.5, at.y - 3.5, 7, 7);
  }
}
