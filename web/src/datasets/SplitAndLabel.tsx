/* Which images of a version are shown: of one split, with one label. */
import { Select } from "../design/controls";
import { words } from "../design/format";
import { SPLITS } from "./words";

type Props = { split: string; label: string; labels: readonly string[]; set: (name: "split" | "label", value: string) => void };

export function SplitAndLabel({ split, label, labels, set }: Props) {
  return (
    <>
      <Select
        aria-label="Split"
        value={split}
        onChange={(event) => set("split", event.target.value)}
        options={[{ value: "", title: "All splits" }, ...SPLITS.map((one) => ({ value: one, title: words(one) }))]}
      />
      <Select
        aria-label="Label"
        value={label}
        onChange={(event) => set("label", event.target.value)}
        options={[{ value: "", title: "All labels" }, ...labels.map((one) => ({ value: one, title: one }))]}
      />
    </>
  );
}
