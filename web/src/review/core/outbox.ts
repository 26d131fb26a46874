/* Decisions on their way to the server, in order, so that a network drop or a reload loses none.
   A decision leaves only when the server has answered; what it refuses is reported, not repeated. */

/** `seen`: the revision of what was said before, 0 when nobody had said anything. */
export type Decision = { prediction: string; method: "PUT" | "DELETE"; body?: unknown; seen?: number };
export type Deliver = (decision: Decision) => Promise<"done" | "unreachable" | { refused: string }>;
type Shelf = Pick<Storage, "getItem" | "setItem">;

export class Outbox {
  #waiting: Decision[];
  #busy = false;
  #listeners = new Set<() => void>();
  #deliver: Deliver;
  #shelf: Shelf;
  #name: string;
  #refused: (sentence: string, prediction: string) => void;
  offline = false;

  constructor(name: string, deliver: Deliver, shelf: Shelf, refused: (sentence: string, prediction: string) => void = () => {}) {
    this.#name = name;
    this.#deliver = deliver;
    this.#shelf = shelf;
    this.#refused = refused;
    this.#waiting = kept(shelf.getItem(name));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get waiting(): number {
    return this.#waiting.length;
  }

  has(prediction: string): boolean {
    return this.#waiting.some((decision) => decision.prediction === prediction && decision.method === "PUT");
  }

  put(decision: Decision): Promise<void> {
    this.#keep([...this.#waiting, decision]);
    return this.flush();
  }

  /** Sends what waits, oldest first; stops at the first that does not get through. */
  async flush(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#waiting.length) {
        const outcome = await this.#deliver(this.#waiting[0]);
        this.offline = outcome === "unreachable";
        if (this.offline) break;
        if (typeof outcome === "object") this.#refused(outcome.refused, this.#waiting[0].prediction);
        this.#keep(this.#waiting.slice(1));
      }
    } finally {
      this.#busy = false;
      this.#tell();
    }
  }

  #keep(waiting: Decision[]): void {
    this.#waiting = waiting;
    this.#shelf.setItem(this.#name, JSON.stringify(waiting));
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What an older page or another program left there is no reason to stop. */
function kept(text: string | null): Decision[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? (found as Decision[]) : [];
  } catch {
    return [];
  }
}
