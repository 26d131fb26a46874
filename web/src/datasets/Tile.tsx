/* One image of a dataset with what is drawn on it, its name and its split. */
import type { ReactNode } from "react";
import type { DatasetItem } from "../api/types";
import { Picture, type Drawn } from "../design/Picture";
import css from "./datasets.module.css";

type Props = {
  item: DatasetItem;
  labels: readonly string[];
  shapes?: readonly Drawn[];
  note?: ReactNode;
  chosen?: boolean;
  onChoose?: (shift: boolean) => void;
  onOpen?: () => void;
};

export function Tile({ item, labels, shapes, note, chosen, onChoose, onOpen }: Props) {
  const drawn = (shapes ?? item.annotations) as readonly Drawn[];
  const picture = (
    <Picture
      asset={item.asset}
      width={item.width ?? 1}
      height={item.height ?? 1}
      shapes={drawn}
      labels={labels}
      aspect="4 / 3"
      alt={item.file_name}
    />
  );
  return (
    <figure className={css.tile} data-chosen={chosen}>
      {onOpen ? (
        <button type="button" className={css.open} onClick={onOpen} aria-label={`Look at ${item.file_name}`}>
          {picture}
        </button>
      ) : (
        picture
      )}
      {onChoose && (
        <input
          type="checkbox"
          checked={chosen ?? false}
          aria-label={`Choose ${item.file_name}`}
          onChange={() => {}}
          onClick={(event) => onChoose(event.shiftKey)}
        />
      )}
      <figcaption title={item.file_name}>
        <span>{item.file_name}</span>
        <span>{note ?? item.split}</span>
      </figcaption>
    </figure>
  );
}
