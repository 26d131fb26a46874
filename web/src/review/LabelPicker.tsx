/* The labels with their number keys; beyond the ninth one filters by typing. */
import { useState } from "react";
import { FindLabel } from "./FindLabel";
import css from "./review.module.css";

type Props = { labels: string[]; chosen: string; pick: (label: string) => void; colour: (label: string) => string };

export function LabelPicker({ labels, chosen, pick, colour }: Props) {
  const [wanted, setWanted] = useState("");
  const shown = labels.filter((label) => label.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <div className={css.labels}>
      {labels.length > 9 && <FindLabel wanted={wanted} want={setWanted} labels={shown} pick={pick} />}
      <div className={css.labelList} role="radiogroup" aria-label="Label">
        {shown.map((label) => {
          const key = labels.indexOf(label);
          return (
            <button key={label} type="button" role="radio" aria-checked={label === chosen} onClick={() => pick(label)}>
              <i style={{ background: colour(label) }} />
              <span>{label}</span>
              {key < 10 && <kbd>{(key + 1) % 10}</kbd>}
            </button>
          );
        })}
      </div>
    </div>
  );
}
