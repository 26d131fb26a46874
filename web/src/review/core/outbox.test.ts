import { describe, expect, it } from "vitest";
import { fate } from "./fate";
import { Outbox, type Decision, type Deliver, type Outcome } from "./outbox";

function shelf(room = Infinity) {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => {
      if (kept.size >= room && !kept.has(name)) throw new Error("QuotaExceededError");
      kept.set(name, value);
    },
    removeItem: (name: string) => void kept.delete(name),
    key: (i: number) => [...kept.keys()][i] ?? null,
    get length() {
      return kept.size;
    },
  };
}
const decision = (prediction: string): Decision => ({ prediction, method: "PUT", body: { status: "accepted" } });
const done: Deliver = async () => ({ done: true });
const away: Deliver = async () => ({ wait: "unreachable" });

describe("an outbox", () => {
  it("keeps every decision, in order, until the server can be reached again, also across a reload", async () => {
    const place = shelf();
    const dropped = new Outbox("o", { deliver: away, shelf: place });
    await dropped.put(decision("b"));
    await dropped.put(decision("a"));
    expect(dropped.held).toBe("unreachable");
    const sent: string[] = [];
    const reloaded = new Outbox("o", { deliver: async (one) => (sent.push(one.prediction), { done: true }), shelf: place });
    expect(reloaded.all()).toHaveLength(2);
    await reloaded.flush();
    expect(sent).toEqual(["b", "a"]);
    expect(new Outbox("o", { deliver: done, shelf: place }).all()).toEqual([]);
  });

  it("loses nothing of two tabs that were both offline", async () => {
    const place = shelf();
    let time = 0;
    const tab = () => new Outbox("o", { deliver: away, shelf: place, now: () => (time += 1) });
    const [left, right] = [tab(), tab()];
    await left.put(decision("a"));
    await right.put(decision("b"));
    await left.put(decision("c"));
    right.reread();
    expect(right.all().map((one) => one.prediction)).toEqual(["a", "b", "c"]);
  });

  it("sends what another tab left, once", async () => {
    const place = shelf();
    let turn: Promise<void> = Promise.resolve();
    const alone = (work: () => Promise<void>) => (turn = turn.then(work));
    const sent: string[] = [];
    const deliver: Deliver = async (one) => (sent.push(one.prediction), { done: true });
    await new Outbox("o", { deliver: away, shelf: place, alone }).put(decision("a"));
    const tabs = [new Outbox("o", { deliver, shelf: place, alone }), new Outbox("o", { deliver, shelf: place, alone })];
    await Promise.all(tabs.map((tab) => tab.flush()));
    expect(sent).toEqual(["a"]);
  });

  it("sets aside what fails again and again, and goes on with the rest at once", async () => {
    const sent: string[] = [];
    const deliver: Deliver = async ({ prediction }) => {
      if (prediction === "a") return { failed: "The server could not." };
      sent.push(prediction);
      return { done: true };
    };
    const outbox = new Outbox("o", { deliver, shelf: shelf() });
    await outbox.put(decision("a"));
    await outbox.put(decision("b"));
    expect(sent).toEqual(["b"]);
    expect(outbox.all()[0].why).toBeUndefined();
    for (let i = 0; i < 5; i += 1) await outbox.flush();
    expect(outbox.all()).toMatchObject([{ prediction: "a", why: "The server could not." }]);
    outbox.discard();
    expect(outbox.all()).toEqual([]);
  });

  it("tries again what was set aside when told to, and a new decision takes its place with what it had seen", async () => {
    let answer: Outcome = { aside: "You may not review." };
    const sent: Decision[] = [];
    const outbox = new Outbox("o", { deliver: async (one) => (sent.push(one), answer), shelf: shelf() });
    await outbox.put({ ...decision("a"), seen: 3 });
    await outbox.put({ ...decision("b"), seen: 4 });
    expect(outbox.all().map((one) => one.why)).toEqual(["You may not review.", "You may not review."]);
    answer = { done: true };
    await outbox.put({ ...decision("a"), body: { status: "unusable" }, seen: 0 });
    expect(sent.at(-1)).toMatchObject({ body: { status: "unusable" }, seen: 3 });
    expect(outbox.all().map((one) => one.prediction)).toEqual(["b"]);
    await outbox.retry();
    expect(outbox.all()).toEqual([]);
  });

  it("never sends what came later of an image before what came first", async () => {
    const sent: string[] = [];
    const deliver: Deliver = async ({ method }) => (sent.push(method), { failed: "no" });
    const outbox = new Outbox("o", { deliver, shelf: shelf() });
    await outbox.put(decision("a"));
    await outbox.put({ prediction: "a", method: "DELETE" });
    expect(new Set(sent)).toEqual(new Set(["PUT"]));
  });

  it("takes back what it sent itself by the revision that was given for it", async () => {
    const place = shelf();
    const dropped = new Outbox("o", { deliver: away, shelf: place });
    await dropped.put({ ...decision("a"), seen: 0 });
    await dropped.put({ prediction: "a", method: "DELETE", seen: 0 });
    const seen: (number | undefined)[] = [];
    const deliver: Deliver = async (one) => (seen.push(one.seen), { done: true, revision: 7 });
    await new Outbox("o", { deliver, shelf: place }).flush();
    expect(seen).toEqual([0, 7]);
  });

  it("does not take what another tab decided of an image for something that was in sight", async () => {
    const place = shelf();
    let time = 0;
    const tab = (deliver: Deliver) => new Outbox("o", { deliver, shelf: place, now: () => (time += 1) });
    const [left, right] = [tab(away), tab(away)];
    await left.put({ ...decision("a"), seen: 0 });
    await right.put({ ...decision("a"), seen: 0 });
    await left.put({ prediction: "a", method: "DELETE", seen: 0 });
    const sent: [string | undefined, number | undefined][] = [];
    await tab(async (one) => (sent.push([one.tab, one.seen]), { done: true, revision: sent.length })).flush();
    expect(sent).toEqual([
      [left.tab, 0],
      [right.tab, 0],
      [left.tab, 1],
    ]);
  });

  it("keeps what the browser's store has no room for", async () => {
    const sent: string[] = [];
    let open = false;
    const deliver: Deliver = async (one) => (open ? (sent.push(one.prediction), { done: true }) : { wait: "unreachable" });
    const outbox = new Outbox("o", { deliver, shelf: shelf(1) });
    await outbox.put(decision("a"));
    await outbox.put(decision("b"));
    expect(outbox.all()).toHaveLength(2);
    open = true;
    await outbox.flush();
    expect(sent).toEqual(["a", "b"]);
    expect(outbox.all()).toEqual([]);
  });

  it("reports what is refused for good and does not keep it", async () => {
    const told: string[] = [];
    const deliver: Deliver = async (one) => (one.prediction === "a" ? { refused: "Bob accepted it" } : { done: true });
    const outbox = new Outbox("o", { deliver, shelf: shelf(), refused: (sentence, { prediction }) => told.push(sentence, prediction) });
    await outbox.put(decision("a"));
    await outbox.put(decision("b"));
    expect(told).toEqual(["Bob accepted it", "a"]);
    expect(outbox.all()).toEqual([]);
  });
});

describe("an answer", () => {
  it.each([
    [0, { wait: "unreachable" }],
    [401, { wait: "token" }],
    [408, { wait: "busy" }],
    [429, { wait: "busy" }],
    [503, { wait: "unreachable" }],
    [507, { wait: "busy" }],
    [500, { failed: "so" }],
    [403, { aside: "so" }],
    [422, { aside: "so" }],
    [404, { refused: "so" }],
  ])("of %i keeps a decision unless nobody can ever want it", (status, outcome) => {
    expect(fate(status, "so")).toEqual(outcome);
  });
});
