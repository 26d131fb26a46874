/* Where things lie: counts on a square grid, drawn over a typical image. A cell opens the images that have something there. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useNavigate } from "react-router";
import { imageUrl } from "../../api/client";
import { heat } from "../colours";
import { plural } from "../format";
import { useAsTable } from "./asTable";
import css from "./charts.module.css";
import { Twin } from "./Twin";

type Props = {
  side: number;
  cells: [number, number][];
  asset: string | null;
  aspect: number;
  label: string;
  /** Where the images of a cell are; null: nowhere. */
  linkOf?: (cell: number) => string | null;
};

const MOST_ROWS = 60;
const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function Heat(props: Props) {
  return useAsTable() ? <AsRows {...props} /> : <Drawn {...props} />;
}

function placed(cell: number, side: number): string {
  const part = (n: number) => `${Math.round(((n + 0.5) / side) * 100)} %`;
  return `${part(cell % side)} across, ${part(Math.floor(cell / side))} down`;
}

function AsRows({ side, cells, label, linkOf }: Props) {
  const most = cells.toSorted(([, a], [, b]) => b - a).slice(0, MOST_ROWS);
  const rows = most.map(([cell, n]) => ({ cells: [placed(cell, side), String(n)], to: linkOf?.(cell) ?? undefined }));
  return <Twin label={label} head={["Where", "Centres"]} rows={rows} />;
}

function Drawn({ side, cells, asset, aspect, label, linkOf }: Props) {
  const navigate = useNavigate();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [here, setHere] = useState<number | null>(null);
  const counts = useMemo(() => new Map(cells), [cells]);
  useEffect(() => paint(canvas.current, side, cells), [side, cells]);
  const shown = Math.min(Math.max(aspect, 1), 2.2);
  const said = here === null ? null : `${plural(counts.get(here) ?? 0, "centre")}, ${placed(here, side)}`;

  const open = (cell: number) => {
    const there = linkOf?.(cell);
    if (there) void navigate(there);
  };
  const under = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const along = (at: number, size: number) => Math.min(Math.max(Math.floor((at / size) * side), 0), side - 1);
    setHere(along(event.clientY - box.top, box.height) * side + along(event.clientX - box.left, box.width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    const from = here ?? cells.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
    if (event.key === "Escape") setHere(null);
    else if (event.key === "Enter" && here !== null) open(here);
    else if (by) setHere(here === null ? from : step(here, by, side));
    else return;
    event.preventDefault();
  };

  return (
    <div
      className={css.heat}
      style={{ aspectRatio: String(shown) }}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={side * side - 1}
      aria-valuenow={here ?? 0}
      aria-valuetext={said ?? `${cells.length} of ${side * side} cells have something`}
      data-opens={here !== null && Boolean(linkOf?.(here))}
      onKeyDown={onKeyDown}
      onBlur={() => setHere(null)}
      onPointerMove={under}
      onPointerLeave={() => setHere(null)}
      onClick={() => here !== null && open(here)}
    >
      {asset && <img src={imageUrl(asset, 512)} alt="" />}
      <canvas ref={canvas} width={side} height={side} />
      {here !== null && <span className={css.cell} style={around(here, side)} />}
      {said && <span className={css.said}>{said}</span>}
    </div>
  );
}

function step(cell: number, [x, y]: [number, number], side: number): number {
  const within = (n: number) => Math.min(Math.max(n, 0), side - 1);
  return within(Math.floor(cell / side) + y) * side + within((cell % side) + x);
}

function around(cell: number, side: number) {
  const part = 100 / side;
  return { left: `${(cell % side) * part}%`, top: `${Math.floor(cell / side) * part}%`, width: `${part}%`, height: `${part}%` };
}

function paint(canvas: HTMLCanvasElement | null, side: number, cells: [number, number][]): void {
  const context = canvas?.getContext("2d");
  if (!context) return;
  const image = context.createImageData(side, side);
  const top = Math.max(...cells.map(([, n]) => n), 1);
  for (const [index, n] of cells) {
    const [r, g, b, a] = heat(Math.sqrt(n / top));
    image.data.set([r, g, b, Math.round(a * 225)], index * 4);
  }
  context.putImageData(image, 0, 0);
}
