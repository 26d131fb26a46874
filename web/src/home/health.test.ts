import { describe, expect, it } from "vitest";
import { health, type Row } from "./health";

const row = { deployment: { id: "d1", name: "bolts", serving: { state: "live", message: null } }, open_alerts: 0 } as unknown as Row;

describe("what needs a person", () => {
  it("is nothing where all is well", () => expect(health(row)).toBeNull());

  it("is what answers nobody before what is odd, and what is odd before what can wait", () => {
    const odd = { ...row, left_usual: "darker on line-2", waiting: true };
    expect(health(odd)).toMatchObject({ tone: "warn", text: "darker on line-2", to: "/deployments/bolts" });
    expect(health({ ...odd, open_alerts: 2 })).toMatchObject({ tone: "bad", text: "2 open alerts", to: "/alerts?deployment=d1" });
    const failed = { ...odd, open_alerts: 2, deployment: { ...row.deployment, serving: { state: "failed", message: "no file" } } } as Row;
    expect(health(failed)?.text).toBe("No file");
    expect(health({ ...row, waiting: true })?.to).toBe("/deployments/bolts/loop");
  });
});
