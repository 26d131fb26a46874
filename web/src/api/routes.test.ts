import { expectTypeOf, it } from "vitest";
import type { Read } from "./routes";
import type { Deployment, Page, RolePeriod, System } from "./types";

it("knows what an address answers", () => {
  expectTypeOf<Read<"/system">>().toEqualTypeOf<System>();
  expectTypeOf<Read<`/deployments/${string}`>>().toEqualTypeOf<Deployment>();
  expectTypeOf<Read<`/deployments/${string}/roles`>>().toExtend<Page<RolePeriod>>();
  expectTypeOf<Read<`/deployment/${string}`>>().not.toExtend<Deployment>();
});
