/* One image large, with every annotation named. */
import type { KeyboardEvent } from "react";
import type { DatasetItem } from "../api/types";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Picture, type Drawn } from "../design/Picture";
import css from "./datasets.module.css";

type Props = { item: DatasetItem; labels: readonly string[]; onClose: () => void; onStep: (by: number) => void };

export function Look({ item, labels, onClose, onStep }: Props) {
  const facts = [`${item.width} × ${item.height} pixels`, item.split, item.source && `from ${item.source}`];
  const counted = new Map<string, number>();
  for (const { label } of item.annotations) counted.set(label, (counted.get(label) ?? 0) + 1);
  const said = [...counted].map(([label, n]) => (n > 1 ? `${n} ${label}` : label)).join(", ");
  const walk = ({ key }: KeyboardEvent) => {
    if (key === "ArrowRight") onStep(1);
    if (key === "ArrowLeft") onStep(-1);
  };
  return (
    // Around the dialog: the keyboard stands on its buttons, not on the image.
    <div onKeyDown={walk}>
      <Dialog
        open
        wide
        onClose={onClose}
        title={item.file_name}
        lead={facts.filter(Boolean).join(" · ")}
        footer={
          <>
            <Button onClick={() => onStep(-1)}>Previous</Button>
            <Button onClick={() => onStep(1)}>Next</Button>
          </>
        }
      >
        <div className={css.look}>
          <Picture
            asset={item.asset}
            width={item.width ?? 1}
            height={item.height ?? 1}
            shapes={item.annotations as readonly Drawn[]}
            labels={labels}
            size={1280}
            names
            alt={item.file_name}
          />
          <p>{said || "Nothing is annotated here."}</p>
        </div>
      </Dialog>
    </div>
  );
}
