/* The images as a grid or a table: only what is in view is drawn; keyboard and mouse open and choose. */
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { useLocation } from "react-router";
import type { Deployment, Prediction } from "../api/types";
import { useWidth } from "../design/useWidth";
import { all, NOTHING, reached, stepped, toggled, type Selection } from "./core/selection";
import { forget, leftFrom } from "./core/left";
import { PredictionCard } from "./PredictionCard";
import { PredictionLine, TableHead } from "./PredictionLine";
import css from "./predictions.module.css";
import { useWindowing } from "./useWindowing";

const CARD = 196;
const GAP = 12;
const TEXT = 66;
const LINE = 52;

type Props = {
  items: Prediction[];
  view: "grid" | "table";
  deployment: Deployment;
  selection: Selection;
  select: (selection: Selection) => void;
  open: (id: string) => void;
  sort: string;
  order: (sort: string) => void;
  /** How many there are, -1 while more can be loaded. */
  total: number;
  /** These are still the images of the last query: nothing can be chosen. */
  waiting: boolean;
};

export function PredictionList({ items, view, deployment, selection, select, open, sort, order, total, waiting }: Props) {
  const [frame, width] = useWidth<HTMLDivElement>(1200);
  const columns = view === "table" ? 1 : Math.max(2, Math.floor((width + GAP) / (CARD + GAP)));
  const cell = (width - (columns - 1) * GAP) / columns;
  const rowHeight = view === "table" ? LINE : Math.round(cell * 0.75) + TEXT;
  const rows = Math.ceil(items.length / columns);
  const { place, first, last, top, height, show } = useWindowing(rows, rowHeight);
  const ids = items.map((item) => item.id);
  const [left] = useState(() => ids.indexOf(leftFrom() ?? ""));
  const [at, setAt] = useState(Math.max(0, left));
  const moved = useRef(left >= 0);
  // The image that has the keyboard: another order or new images draw it anew elsewhere, and the keyboard goes along.
  const held = useRef<string | null>(null);
  const known = useRef(items);
  const list = useLocation().search;

  const cellAt = (i: number) => place.current?.querySelector<HTMLElement>(`[data-place="${i}"]`);
  useEffect(forget, []);
  useEffect(() => {
    // A line that is far away is drawn only once the page has scrolled to it.
    const next = moved.current && cellAt(at);
    if (!next) return;
    moved.current = false;
    next.focus({ preventScroll: true });
  });
  useLayoutEffect(() => {
    const id = held.current;
    const others = known.current !== items;
    known.current = items;
    if (id === null || document.activeElement !== document.body) return;
    held.current = null;
    if (others) (cellAt(ids.indexOf(id)) ?? cellAt(Math.min(at, items.length - 1)))?.focus({ preventScroll: true });
  });

  const go = (next: number) => {
    moved.current = true;
    setAt(next);
    show(Math.floor(next / columns), 8);
  };
  const key = (event: KeyboardEvent) => {
    const here = items[at];
    const next = stepped(event.key, at, columns, items.length);
    if (event.target !== event.currentTarget && (event.target as HTMLElement).dataset.place === undefined && event.key !== "Escape") return;
    if (next !== null && !event.ctrlKey && !event.metaKey) {
      if (event.shiftKey) select(reached(selection.anchor ? selection : toggled(selection, here.id), items[next].id, ids));
      go(next);
    } else if (event.key === "Enter" && here) open(here.id);
    else if (event.key === " " && here) select(event.shiftKey ? reached(selection, here.id, ids) : toggled(selection, here.id));
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) select(all(ids));
    else if (event.key === "Escape" && selection.ids.size) select(NOTHING);
    else return;
    event.preventDefault();
  };
  const choose = (event: MouseEvent, id: string) => select(event.shiftKey ? reached(selection, id, ids) : toggled(selection, id));
  const press = (event: MouseEvent, i: number) => {
    setAt(i);
    // Once something is chosen, a press chooses more; Enter and the name still open.
    if (!(event.shiftKey || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    choose(event, items[i].id);
  };

  const shown = items.slice(first * columns, last * columns);
  const Item = view === "table" ? PredictionLine : PredictionCard;
  return (
    <div ref={frame} className={view === "table" ? css.tableFrame : undefined}>
      <div
        role="grid"
        aria-label="Images"
        aria-multiselectable="true"
        aria-busy={waiting}
        aria-rowcount={total < 0 ? -1 : Math.ceil(total / columns) + (view === "table" ? 1 : 0)}
        onKeyDown={key}
        onFocus={(event) => {
          const here = (event.target as HTMLElement).dataset.place;
          moved.current = false;
          held.current = here === undefined ? null : (items[Number(here)]?.id ?? null);
          if (here !== undefined) setAt(Number(here));
        }}
        onBlur={() => (held.current = null)}
        className={view === "table" ? `${css.list} ${css.table}` : css.list}
      >
        {view === "table" && <TableHead sort={sort} order={order} />}
        <div ref={place} role="rowgroup" style={{ height, paddingTop: top }}>
          {Array.from({ length: last - first }, (_, row) => (
            <div
              key={first + row}
              role="row"
              aria-rowindex={first + row + 1}
              className={view === "table" ? css.row : css.gridRow}
              style={{ height: rowHeight, "--columns": columns } as React.CSSProperties}
            >
              {shown.slice(row * columns, (row + 1) * columns).map((prediction, column) => {
                const i = (first + row) * columns + column;
                return (
                  <Item
                    key={prediction.id}
                    prediction={prediction}
                    deployment={deployment}
                    place={i}
                    tabbable={i === Math.min(at, items.length - 1)}
                    chosen={selection.ids.has(prediction.id)}
                    choosing={selection.ids.size > 0}
                    waiting={waiting}
                    list={list}
                    press={(event) => press(event, i)}
                    choose={(event) => choose(event, prediction.id)}
                  />
                );
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
