import { describe, expect, it } from "vitest";
import { nameplates } from "./nameplates";

const image = { width: 200, height: 100 };

describe("names of boxes", () => {
  it("stand within the picture, also at its edges", () => {
    const [plate] = nameplates([{ label: "scratch", box: [190, 2, 199, 20] }], image, 1);
    expect(plate).toMatchObject({ y: 2, text: "scratch" });
    expect((plate?.x ?? 0) + (plate?.width ?? 0)).toBeLessThanOrEqual(200);
  });

  it("never stand upon each other: the surest is named first, and what finds no place has none", () => {
    const crowd = Array.from({ length: 12 }, (_, i) => ({
      label: `label ${i}`,
      confidence: 0.3 + i / 20,
      box: [50, 40, 70, 60] as [number, number, number, number],
    }));
    const plates = nameplates(crowd, image, 1);
    const shown = plates.filter((plate) => plate !== null);
    expect(plates[11]?.text).toBe("label 11 85");
    expect(plates[0]).toBeNull();
    expect(shown).toHaveLength(3);
    expect(new Set(shown.map((plate) => plate.y)).size).toBe(3);
  });

  it("are cut where they are longer than the picture is wide, and keep their confidence", () => {
    const label = "a label with a name of eighty characters";
    const [plate] = nameplates([{ label, confidence: 0.9, box: [0, 30, 20, 60] }], image, 2);
    expect(plate?.text).toBe("a label w… 90");
    expect(plate?.width).toBeLessThanOrEqual(200);
  });
});
