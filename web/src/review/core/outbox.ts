/* Decisions on their way to the server, so that no network drop, reload, second tab or renamed deployment loses one.

   Each decision has a place of its own in the browser's store: tabs never write over each other's. It leaves only when the server
   has it, or has said why it never will. What the server fails on again and again is set aside, and what waits behind it goes on. */

/** `seen`: the revision of what was said before, 0 when nobody had said anything. `deployment`: its id, which no rename changes.
    `to`: a second person's look, which stands beside the review and changes nothing of it. `tab`: where it was decided; what another
    tab decided was not in sight there. */
export type Decision = {
  prediction: string;
  deployment?: string;
  method: "PUT" | "DELETE";
  body?: unknown;
  seen?: number;
  to?: "second-look";
  tab?: string;
};

/** What became of one attempt. `revision`: of what is said now. `wait`: nothing gets through at present. `failed`: this one does not.
    `aside`: nor would it at another try. `refused`: somebody else decided, or there is nothing to decide any more; it is not kept. */
export type Outcome =
  | { done: true; revision?: number }
  | { wait: "unreachable" | "token" | "busy" }
  | { failed: string }
  | { aside: string }
  | { refused: string };
export type Deliver = (decision: Decision) => Promise<Outcome>;

/** `why`: the sentence it was set aside with. */
export type Kept = Decision & { key: string; tries: number; why?: string };
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
/** Runs the work while no other tab does the like. */
export type Alone = (work: () => Promise<void>) => Promise<void>;

const MOST_TRIES = 5;

type Outside = {
  shelf: Shelf;
  deliver: Deliver;
  refused?: (sentence: string, decision: Decision) => void;
  alone?: Alone;
  now?: () => number;
};

export class Outbox {
  #name: string;
  #outside: Required<Outside>;
  #list: readonly Kept[] = [];
  /** Where the browser's store has no room left: better here than nowhere. */
  #loose = new Map<string, string>();
  #listeners = new Set<() => void>();
  #last = 0;
  /** This page, among those that share the store. */
  readonly tab = Math.random().toString(36).slice(2, 8);
  #busy: Promise<void> | null = null;
  #again = false;
  /** Why nothing gets through at present, if so. */
  held: "unreachable" | "token" | "busy" | null = null;

  constructor(name: string, { refused = () => {}, alone = (work) => work(), now = Date.now, ...rest }: Outside) {
    this.#name = `${name} `;
    this.#outside = { refused, alone, now, ...rest };
    this.reread();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Everything that is not yet with the server, the oldest first; the same array until something changes. */
  all = (): readonly Kept[] => this.#list;

  has(prediction: string): boolean {
    return this.#list.some((one) => one.prediction === prediction && one.method === "PUT");
  }

  /** Looks at the store again: another tab may have written there. */
  reread = (): void => {
    const names = new Set(this.#loose.keys());
    const { shelf } = this.#outside;
    for (let i = 0; i < shelf.length; i += 1) {
      const key = shelf.key(i);
      if (key?.startsWith(this.#name)) names.add(key);
    }
    this.#list = [...names].sort().flatMap((key) => read(key, this.#loose.get(key) ?? shelf.getItem(key)));
    for (const listener of this.#listeners) listener();
  };

  put(decision: Decision): Promise<void> {
    // What was set aside of this image is what this one takes the place of.
    const before = this.#list.filter((one) => one.prediction === decision.prediction && one.why);
    for (const one of before) this.#drop(one.key);
    this.#write({ ...decision, seen: before[0]?.seen ?? decision.seen, tab: this.tab, key: this.#nextKey(), tries: 0 });
    this.reread();
    return this.flush();
  }

  /** Sends what waits, the oldest first, and what is put meanwhile. */
  flush = (): Promise<void> => {
    this.#again = true;
    this.#busy ??= this.#outside
      .alone(async () => {
        while (this.#again) {
          this.#again = false;
          await this.#round();
        }
      })
      .finally(() => {
        this.#busy = null;
        this.reread();
      });
    return this.#busy;
  };

  /** What was set aside is tried once more. */
  retry(): Promise<void> {
    for (const { why, ...one } of this.#list) if (why) this.#write({ ...one, tries: 0 });
    this.reread();
    return this.flush();
  }

  /** What was set aside is given up. */
  discard(): void {
    for (const one of this.#list) if (one.why) this.#drop(one.key);
    this.reread();
  }

  async #round(): Promise<void> {
    this.reread();
    const stuck = new Set<string>();
    for (const one of this.#list) {
      // Of one image, the later never goes before the earlier.
      if (one.why || stuck.has(one.prediction)) {
        stuck.add(one.prediction);
        continue;
      }
      // With what was learnt of it since the round began.
      const [now] = read(one.key, this.#loose.get(one.key) ?? this.#outside.shelf.getItem(one.key));
      if (!now) continue;
      const outcome = await this.#outside.deliver(now);
      this.held = "wait" in outcome ? outcome.wait : null;
      if ("wait" in outcome) return;
      this.#settle(now, outcome);
      if ("failed" in outcome || "aside" in outcome) stuck.add(one.prediction);
      this.reread();
    }
  }

  #settle(one: Kept, outcome: Exclude<Outcome, { wait: string }>): void {
    if ("failed" in outcome) this.#write({ ...one, tries: one.tries + 1, ...(one.tries + 1 >= MOST_TRIES ? { why: outcome.failed } : {}) });
    else if ("aside" in outcome) this.#write({ ...one, why: outcome.aside });
    else this.#drop(one.key);
    if ("refused" in outcome) this.#outside.refused(outcome.refused, one);
    // What the same tab decided of the image afterwards was decided in the sight of this one.
    if (!("done" in outcome) || outcome.revision === undefined) return;
    for (const later of this.#list)
      if (later.prediction === one.prediction && later.tab === one.tab && later.key > one.key)
        this.#write({ ...later, seen: outcome.revision });
  }

  /** Sorts by time, and within one tab by the order of the presses. */
  #nextKey(): string {
    this.#last = Math.max(this.#last + 1, this.#outside.now());
    return `${this.#name}${String(this.#last).padStart(15, "0")} ${this.tab}`;
  }

  #write({ key, ...rest }: Kept): void {
    const text = JSON.stringify(rest);
    try {
      this.#outside.shelf.setItem(key, text);
      this.#loose.delete(key);
    } catch {
      this.#loose.set(key, text);
    }
  }

  #drop(key: string): void {
    this.#loose.delete(key);
    this.#outside.shelf.removeItem(key);
  }
}

/** What another program left there is no reason to stop. */
function read(key: string, text: string | null): Kept[] {
  try {
    const found = JSON.parse(text ?? "null") as Kept | null;
    return typeof found?.prediction === "string" ? [{ ...found, tries: found.tries ?? 0, key }] : [];
  } catch {
    return [];
  }
}
