/* Where things lie: counts on a square grid, drawn over a typical image. */
import { useEffect, useRef } from "react";
import { imageUrl } from "../../api/client";
import { heat } from "../colours";
import css from "./charts.module.css";

type Props = { side: number; cells: [number, number][]; asset: string | null; aspect: number; label: string };

export function Heat({ side, cells, asset, aspect, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const image = context.createImageData(side, side);
    const top = Math.max(...cells.map(([, n]) => n), 1);
    for (const [index, n] of cells) {
      const [r, g, b, a] = heat(Math.sqrt(n / top));
      image.data.set([r, g, b, Math.round(a * 225)], index * 4);
    }
    context.putImageData(image, 0, 0);
  }, [side, cells]);
  const shown = Math.min(Math.max(aspect, 1), 2.2);
  return (
    <div className={css.heat} style={{ aspectRatio: String(shown) }} role="img" aria-label={label}>
      {asset && <img src={imageUrl(asset, 512)} alt="" />}
      <canvas ref={canvas} width={side} height={side} />
    </div>
  );
}
