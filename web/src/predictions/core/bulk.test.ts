import { describe, expect, it } from "vitest";
import { Changed, decideSeen, each, putBack, type Door, type Said, type Wish } from "./bulk";

const wish = (status: Wish["status"]): Wish => ({ status, annotations: [], reason: "" });

/** A server with reviews by image, which refuses what was written with another revision in sight. */
function server(reviews: Record<string, Said>): Door {
  return {
    read: async (id) => reviews[id],
    say: async (id, { status, annotations, reason }, revision) => {
      if (reviews[id].revision !== revision) throw new Changed();
      return (reviews[id] = { status, annotations, reason, revision: revision + 1 });
    },
  };
}
const said = (status: Said["status"], revision: number): Said => ({ status, annotations: [], reason: "", revision });

describe("many decided at once", () => {
  it("leave alone what somebody else decided since the list was read", async () => {
    const reviews = { a: said("pending", 0), b: said("corrected", 1), c: said("pending", 4) };
    const chosen = ["a", "b", "c"].map((id) => ({ id, review: "pending" as const }));
    const { done, changed } = await each(
      chosen,
      (one) => decideSeen(server(reviews), one, wish("accepted")),
      () => {},
    );
    expect([done.map((one) => one.id), changed]).toEqual([["a", "c"], 1]);
    expect([reviews.a.status, reviews.b.status, reviews.c.status]).toEqual(["accepted", "corrected", "accepted"]);
  });

  it("are put back, unless somebody else has gone on from there", async () => {
    const reviews: Record<string, Said> = { a: said("unusable", 2), b: said("pending", 0) };
    const door = server(reviews);
    const chosen = [
      { id: "a", review: "unusable" as const },
      { id: "b", review: "pending" as const },
    ];
    const { done } = await each(
      chosen,
      (one) => decideSeen(door, one, wish("accepted")),
      () => {},
    );
    reviews.b = said("corrected", 2);
    const { changed } = await each(
      done,
      (one) => putBack(door, one),
      () => {},
    );
    expect([changed, reviews.a.status, reviews.b.status]).toEqual([1, "unusable", "corrected"]);
  });

  it("are put back as accepted without annotations, whatever an accepted image shows", async () => {
    const shown: Said = { ...said("accepted", 1), annotations: [{ label: "dent" }] };
    const reviews: Record<string, Said> = { a: shown, b: { ...shown, status: "corrected" } };
    const before = async (id: string, review: "accepted" | "corrected") =>
      (await decideSeen(server(reviews), { id, review }, wish("unusable"))).before.annotations;
    expect([await before("a", "accepted"), await before("b", "corrected")]).toEqual([[], [{ label: "dent" }]]);
  });

  it("say why one could not be", async () => {
    const door: Door = { read: async () => said("pending", 0), say: () => Promise.reject(new Error("You may not review.")) };
    const chosen = [{ id: "a", review: "pending" as const }];
    expect(
      await each(
        chosen,
        (one) => decideSeen(door, one, wish("accepted")),
        () => {},
      ),
    ).toMatchObject({ failed: 1, why: "You may not review." });
  });
});
