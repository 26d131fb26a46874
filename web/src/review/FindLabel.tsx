/* Finds a label by typing, beyond those that have a number: Enter takes the first. */
import { Input } from "../design/controls";

type Props = { wanted: string; want: (wanted: string) => void; labels: string[]; pick: (label: string) => void };

export function FindLabel({ wanted, want, labels, pick }: Props) {
  return (
    <Input
      type="search"
      data-find-label
      aria-label="Find a label"
      placeholder="Find a label  /"
      value={wanted}
      onChange={(event) => want(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        if (event.key === "Enter" && wanted && labels[0]) pick(labels[0]);
        want("");
        event.currentTarget.blur();
      }}
    />
  );
}
