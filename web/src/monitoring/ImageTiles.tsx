/* The images themselves: how large they are, and how bright, sharp and colourful. */
import { useState } from "react";
import { Bars } from "../design/charts/Bars";
import { Histogram } from "../design/charts/Histogram";
import { Select } from "../design/controls";
import { percent, score } from "../design/format";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { OverTime } from "./OverTime";
import { num, nums, record } from "./read";
import { Tile } from "./Tile";
import { binLinks } from "./TrafficTiles";

export function ImageSizeTile({ wide = 3 }: { wide?: number }) {
  const { find } = useBoard();
  return (
    <Tile wide={wide} metric="image_size" title="Image size" headline={(m) => <Median value={m.value} />}>
      {(m) => {
        const ratios = Object.entries(record(m.value, "ratios") as unknown as Record<string, number>).filter(([, n]) => n > 0);
        const total = ratios.reduce((sum, [, n]) => sum + n, 0);
        const queries = record(m.value, "ratio_queries") as unknown as Record<string, string>;
        return (
          <>
            <OverTime
              measure={m}
              label="Image size over time"
              height={96}
              lines={[
                { name: "width", colour: "--now", of: ["width"] },
                { name: "height", colour: "--ink-3", of: ["height"] },
              ]}
            />
            <Bars
              label="Images by shape"
              rows={ratios.map(([name, n]) => ({
                name,
                now: n,
                text: percent(n / Math.max(total, 1)),
                title: `${n} images`,
                to: queries[name] ? find(queries[name]) : null,
              }))}
            />
          </>
        );
      }}
    </Tile>
  );
}

function Median({ value }: { value: Record<string, unknown> | null }) {
  const side = (name: string) => Math.round(num(value?.[name] as Record<string, unknown>, "median") ?? 0);
  return (
    <>
      {side("width")} × {side("height")} <small>px</small>
    </>
  );
}

const LOOKS: Record<string, string> = {
  brightness: "Brightness",
  contrast: "Contrast",
  log_sharpness: "Sharpness",
  saturation: "Colourfulness",
  entropy: "Detail",
  clipped_dark: "Black parts",
  clipped_bright: "White parts",
  red_green: "Red against green",
  blue_green: "Blue against green",
};

/** From more of the second colour to more of the first. */
const SIGNED = new Set(["red_green", "blue_green"]);

/** One statistic at a time, over time and as it is spread; the others are a choice away. */
export function LooksTile({ wide = 3 }: { wide?: number }) {
  const { find } = useBoard();
  const [shown, setShown] = useState("brightness");
  return (
    <Tile
      wide={wide}
      metric="image_statistics"
      title="Looks"
      headline={(m) => (
        <>
          {score(num(m.value?.[shown] as Record<string, unknown>, "median"), 2)}
          <span className={css.small}>
            <Select
              aria-label="What the images look like"
              value={shown}
              onChange={(event) => setShown(event.target.value)}
              options={Object.entries(LOOKS).map(([value, title]) => ({ value, title }))}
            />
          </span>
        </>
      )}
    >
      {(m) => {
        const one = m.value?.[shown] as Record<string, unknown> | undefined;
        const edges = nums(one, "edges");
        const counts = nums(one, "counts");
        const [first, last] = [counts.findIndex((n) => n > 0), counts.findLastIndex((n) => n > 0)];
        const links = binLinks(one ?? null, "bin_queries", find);
        const end = (at: number) => (at < 0 ? "less" : at >= edges.length ? "more" : score(edges[at], 2));
        return (
          <>
            <OverTime
              key={shown}
              measure={m}
              label={`${LOOKS[shown]} over time`}
              height={84}
              {...(SIGNED.has(shown) ? { floor: -0.5, top: 0.5 } : {})}
              tick={(value) => String(Number(value.toPrecision(2)))}
              format={(value) => value.toFixed(3)}
              lines={[{ name: LOOKS[shown], colour: "--now", of: [shown] }]}
            />
            {first >= 0 && (
              <Histogram
                label={`Images by ${LOOKS[shown].toLowerCase()}`}
                counts={counts.slice(first, last + 1)}
                from={first - 1}
                to={last}
                unit={end}
                name={(bin) => `${end(first + bin - 1)} – ${end(first + bin)}`}
                height={72}
                linkOf={(bin) => links(first + bin)}
              />
            )}
            <p className={css.foot}>{typeof one?.meaning === "string" ? one.meaning.charAt(0).toUpperCase() + one.meaning.slice(1) : ""}</p>
          </>
        );
      }}
    </Tile>
  );
}
