/* One decision for many images: for each, what the person saw must still be what is there. Pure but for the door that is handed in. */
import type { Annotation, ReviewState, Verdict } from "../../api/types";

export type Said = Pick<Verdict, "status" | "reason" | "revision"> & { annotations: Annotation[] };
export type Wish = Omit<Said, "revision">;
/** `say` refuses with Changed when the revision is another one by now; `wish.status` "pending" reopens. */
export type Door = { read: (id: string) => Promise<Said>; say: (id: string, wish: Wish, revision: number) => Promise<Said> };

/** Somebody else was there meanwhile; what they said stays. */
export class Changed extends Error {
  constructor() {
    super("Somebody else reviewed this image meanwhile: look at it again.");
  }
}

/** What was said of an image before, and the revision by which it can be put back. */
export type Step = { id: string; before: Wish; after: number };
export type Outcome<T> = { done: T[]; changed: number; failed: number; why: string | null };

const AT_ONCE = 6;

/** `shown`: the review state the person saw when choosing the image. */
export async function decideSeen(door: Door, { id, review: shown }: { id: string; review: ReviewState }, wish: Wish): Promise<Step> {
  const there = await door.read(id);
  if (there.status !== shown) throw new Changed();
  const { status, annotations, reason, revision } = there;
  const now = await door.say(id, wish, revision);
  // What an accepted image shows is what was answered: only a correction brings its own.
  return { id, before: { status, annotations: status === "corrected" ? annotations : [], reason }, after: now.revision };
}

export async function putBack(door: Door, { id, before, after }: Step): Promise<void> {
  await door.say(id, before, after);
}

/** A few at a time; `told` how many are through. */
export async function each<T, R>(things: readonly T[], work: (thing: T) => Promise<R>, told: (done: number) => void): Promise<Outcome<R>> {
  const outcome: Outcome<R> = { done: [], changed: 0, failed: 0, why: null };
  let next = 0;
  let through = 0;
  const worker = async () => {
    while (next < things.length) {
      const thing = things[next++];
      try {
        outcome.done.push(await work(thing));
      } catch (error) {
        if (error instanceof Changed) outcome.changed += 1;
        else {
          outcome.failed += 1;
          outcome.why ??= error instanceof Error ? error.message : String(error);
        }
      }
      told(++through);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, things.length) }, worker));
  return outcome;
}
