import { expect, it } from "vitest";
import { Outbox, type Decision } from "./outbox";

function shelf() {
  const kept = new Map<string, string>();
  return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value) };
}
const decision = (prediction: string): Decision => ({ prediction, method: "PUT", body: { status: "accepted" } });

it("keeps every decision, in order, until the server can be reached again, also across a reload", async () => {
  const place = shelf();
  const dropped = new Outbox("o", async () => "unreachable", place);
  await dropped.put(decision("a"));
  await dropped.put(decision("b"));
  expect(dropped.offline).toBe(true);
  const sent: string[] = [];
  const reloaded = new Outbox("o", async (one) => (sent.push(one.prediction), "done"), place);
  expect(reloaded.waiting).toBe(2);
  await reloaded.flush();
  expect(sent).toEqual(["a", "b"]);
  expect(new Outbox("o", async () => "done", place).waiting).toBe(0);
});

it("reports what the server refuses and goes on with the rest", async () => {
  const told: string[] = [];
  const outbox = new Outbox(
    "o",
    async (one) => (one.prediction === "a" ? { refused: "unknown label" } : "done"),
    shelf(),
    (sentence) => told.push(sentence),
  );
  await outbox.put(decision("a"));
  await outbox.put(decision("b"));
  expect(told).toEqual(["unknown label"]);
  expect(outbox.waiting).toBe(0);
});
