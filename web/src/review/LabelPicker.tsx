/* The labels with their number keys; beyond those one filters by typing, and adds what is missing. */
import { useState } from "react";
import { Notice } from "../design/status";
import { found } from "./core/labels";
import { FindLabel } from "./FindLabel";
import css from "./review.module.css";

type Props = {
  labels: string[];
  chosen: string;
  pick: (label: string) => void;
  add: (label: string) => void;
  problem: string | null;
  colour: (label: string) => string;
  findKey: string;
};

export function LabelPicker({ labels, chosen, pick, add, problem, colour, findKey }: Props) {
  const [wanted, setWanted] = useState("");
  const shown = found(labels, wanted);
  return (
    <div className={css.labels}>
      <FindLabel wanted={wanted} want={setWanted} labels={shown} pick={pick} add={add} findKey={findKey} />
      {problem && <Notice tone="bad">{problem}</Notice>}
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
