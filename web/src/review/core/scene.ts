/* What is on the image while a person corrects it: shapes, one of them selected, and every earlier state for undo.
   A small store without a framework: it can be tested without a page, and React only listens. */
import type { Rect } from "./geometry";

export type Shape = Rect & {
  id: number;
  label: string;
  confidence?: number;
  /** Its outline as flat x, y pairs; the box is what lies around it. */
  polygon?: readonly number[];
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

  add(shape: Omit<Shape, "id">): number {
    const id = this.#nextId++;
    this.#commit({ shapes: [...this.#scene.shapes, { ...shape, id }], selected: id });
    return id;
  }

  replace(id: number, change: Partial<Omit<Shape, "id">>): void {
    const before = this.find(id);
    if (!before) return;
    const after = { ...before, ...change };
    if (sameShapes([before], [after])) return;
    this.#commit({ shapes: this.#scene.shapes.map((shape) => (shape.id === id ? after : shape)), selected: id });
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
    this.#scene = { ...this.#scene, selected: id };
    this.#tell();
  }

  /** The next shape in reading order, or the previous one; after the last comes the first. */
  selectNext(step: 1 | -1 = 1): Shape | null {
    const order = [...this.#scene.shapes].sort((a, b) => a.y1 - b.y1 || a.x1 - b.x1);
    if (order.length === 0) return null;
    const at = order.findIndex((shape) => shape.id === this.#scene.selected);
    const next = order[at < 0 ? (step > 0 ? 0 : order.length - 1) : (at + step + order.length) % order.length];
    this.select(next.id);
    return next;
  }

  find(id: number | null): Shape | undefined {
    return this.#scene.shapes.find((shape) => shape.id === id);
  }

  undo(): void {
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
