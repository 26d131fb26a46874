/* Finds a label by typing, beyond those that have a number: Enter takes the first, or adds what no label is called. */
import { Button, Input } from "../design/controls";
import { Cut } from "../design/Cut";

type Props = {
  wanted: string;
  want: (wanted: string) => void;
  labels: string[];
  pick: (label: string) => void;
  add: (label: string) => void;
  /** The key that leads here. */
  findKey: string;
};

export function FindLabel({ wanted, want, labels, pick, add, findKey }: Props) {
  const name = wanted.trim();
  const fresh = name !== "" && !labels.some((label) => label.toLowerCase() === name.toLowerCase());
  const choose = () => {
    if (labels[0]) pick(labels[0]);
    else add(name);
  };
  return (
    <>
      <Input
        type="search"
        data-find-label
        aria-label="Find a label"
        placeholder={`Find or add a label  ${findKey}`}
        maxLength={200}
        value={wanted}
        onChange={(event) => want(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          if (event.key === "Enter" && name) choose();
          want("");
          // The keyboard stands on the image again: Tab walks its boxes from there.
          document.querySelector<HTMLElement>("[data-review-keys]")?.focus({ preventScroll: true });
        }}
      />
      {fresh && (
        <Button small icon="plus" onClick={() => (add(name), want(""))}>
          <Cut>{`Add “${name}”`}</Cut> {labels.length === 0 && <kbd>Enter</kbd>}
        </Button>
      )}
    </>
  );
}
