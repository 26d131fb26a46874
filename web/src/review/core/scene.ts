/* What is on the image while a person corrects it: shapes, one of them selected, and every earlier state for undo.
   A small store without a framework: it can be tested without a page, and React only listens. */
import type { Rect } from "./geometry";

/** COCO's uncompressed run lengths, column by column, starting with zeros; size is height, width. */
export type Rle = { readonly size: readonly [number, number]; readonly counts: readonly number[] };
/** What can be relabelled and deleted, not redrawn here: a mask, or an outline of several rings. */
export type Fixed = { readonly rle: Rle } | { readonly rings: readonly (readonly number[])[] };

export type Shape = Rect & {
  id: number;
  label: string;
  confidence?: number;
  /** Its outline as flat x, y pairs; the box is what lies around it. */
  polygon?: readonly number[];
  fixed?: Fixed;
  /** One shape for many things that nobody counted. */
  crowd?: boolean;
};

export type Scene = { readonly shapes: readonly Shape[]; readonly selected: number | null };

export const EMPTY: Scene = { shapes: [], selected: null };

export class SceneStore {
  #scene: Scene = EMPTY;
  #first: Scene = EMPTY;
  #past: Scene[] = [];
  #future: Scene[] = [];
  #listeners = new Set<() => void>();
  #nextId = 1;
  /** The shape whose last change the next one like it joins: one undo takes a held arrow back. */
  #joined: number | null = null;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get = (): Scene => this.#scene;

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  /** Whether the shapes differ from those it was loaded with. A selection is no change. */
  get changed(): boolean {
    return !sameShapes(this.#scene.shapes, this.#first.shapes);
  }

  /** Begins anew; nothing before this can be undone. */
  load(shapes: readonly Omit<Shape, "id">[]): void {
    this.#scene = { shapes: shapes.map((shape) => ({ ...shape, id: this.#nextId++ })), selected: null };
    this.#first = this.#scene;
    this.#past = [];
    this.#future = [];
    this.#tell();
  }

  /** What was drawn before: one change, which can be undone. */
  restore(shapes: readonly Omit<Shape, "id">[]): void {
    this.#commit({ shapes: shapes.map((shape) => ({ ...shape, id: this.#nextId++ })), selected: null });
  }

  add(shape: Omit<Shape, "id">): number {
    const id = this.#nextId++;
    this.#commit({ shapes: [...this.#scene.shapes, { ...shape, id }], selected: id });
    return id;
  }

  /** Several at once, undone at once; the first of them is selected and handed back. */
  addAll(shapes: readonly Omit<Shape, "id">[]): Shape | null {
    const made = shapes.map((shape) => ({ ...shape, id: this.#nextId++ }));
    if (made.length === 0) return null;
    this.#commit({ shapes: [...this.#scene.shapes, ...made], selected: made[0].id });
    return made[0];
  }

  /** `joins`: to be undone together with a change of the same shape just before. */
  replace(id: number, change: Partial<Omit<Shape, "id">>, joins = false): void {
    const before = this.find(id);
    if (!before) return;
    const after = { ...before, ...change };
    if (sameShapes([before], [after])) return;
    const scene = { shapes: this.#scene.shapes.map((shape) => (shape.id === id ? after : shape)), selected: id };
    if (joins && this.#joined === id) {
      this.#scene = scene;
      this.#tell();
    } else this.#commit(scene);
    this.#joined = joins ? id : null;
  }

  remove(id: number): void {
    if (!this.find(id)) return;
    const place = this.#scene.shapes.findIndex((shape) => shape.id === id);
    const shapes = this.#scene.shapes.filter((shape) => shape.id !== id);
    this.#commit({ shapes, selected: shapes[Math.min(place, shapes.length - 1)]?.id ?? null });
  }

  clear(): void {
    if (this.#scene.shapes.length) this.#commit(EMPTY);
  }

  select(id: number | null): void {
    if (this.#scene.selected === id) return;
    this.#joined = null;
    this.#scene = { ...this.#scene, selected: id };
    this.#tell();
  }

  /** The next shape in reading order, or the previous one; null, and none selected, after the last: the keyboard can go on. */
  selectNext(step: 1 | -1 = 1): Shape | null {
    const order = [...this.#scene.shapes].sort((a, b) => a.y1 - b.y1 || a.x1 - b.x1);
    const at = order.findIndex((shape) => shape.id === this.#scene.selected);
    const next = at < 0 ? order[step > 0 ? 0 : order.length - 1] : order[at + step];
    this.select(next?.id ?? null);
    return next ?? null;
  }

  find(id: number | null): Shape | undefined {
    return this.#scene.shapes.find((shape) => shape.id === id);
  }

  undo(): void {
    this.#joined = null;
    const before = this.#past.pop();
    if (!before) return;
    this.#future.push(this.#scene);
    this.#scene = before;
    this.#tell();
  }

  redo(): void {
    const after = this.#future.pop();
    if (!after) return;
    this.#past.push(this.#scene);
    this.#scene = after;
    this.#tell();
  }

  #commit(scene: Scene): void {
    this.#joined = null;
    this.#past.push(this.#scene);
    this.#future = [];
    this.#scene = scene;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function sameShapes(a: readonly Shape[], b: readonly Shape[]): boolean {
  return a.length === b.length && a.every((shape, i) => sameShape(shape, b[i]));
}

function sameShape(a: Shape, b: Shape): boolean {
  return (
    a.id === b.id &&
    a.label === b.label &&
    a.x1 === b.x1 &&
    a.y1 === b.y1 &&
    a.x2 === b.x2 &&
    a.y2 === b.y2 &&
    sameOutline(a.polygon, b.polygon)
  );
}

function sameOutline(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === b || (a?.length === b?.length && (a ?? []).every((value, i) => value === b?.[i]));
}
