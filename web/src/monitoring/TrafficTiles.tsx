/* Volume, latency, errors and busy hours: how the images come and how fast they are answered. */
import { Bars } from "../design/charts/Bars";
import { Histogram } from "../design/charts/Histogram";
import { count, milliseconds, percent, words } from "../design/format";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { OverTime } from "./OverTime";
import { num, nums, record } from "./read";
import { counted, Tile } from "./Tile";

export function VolumeTile() {
  return (
    <Tile
      metric="volume"
      title="Volume"
      headline={(m) => (
        <>
          {count(num(m.value, "images") ?? m.count)} <small>images</small>
        </>
      )}
    >
      {(m) => (
        <OverTime measure={m} label="Images over time" lines={[{ name: "Images", colour: "--now", as: "bars", of: ["images", "count"] }]} />
      )}
    </Tile>
  );
}

export function LatencyTile() {
  return (
    <Tile
      metric="latency"
      title="Latency"
      headline={(m) => (
        <>
          {milliseconds(num(m.value, "p50"))} <small>median · p95 {milliseconds(num(m.value, "p95"))}</small>
        </>
      )}
    >
      {(m) => (
        <OverTime
          measure={m}
          label="Latency over time"
          format={milliseconds}
          lines={[
            { name: "p99", colour: "--usual", of: ["p99"], dashed: true },
            { name: "p95", colour: "--warn-strong", of: ["p95"] },
            { name: "median", colour: "--now", of: ["p50"] },
          ]}
          beside={["p50"]}
          bands={[{ high: 2, low: 3, colour: "--now" }]}
        />
      )}
    </Tile>
  );
}

export function ErrorsTile({ wide = 3 }: { wide?: number }) {
  const { find } = useBoard();
  return (
    <Tile
      metric="errors"
      title="Errors"
      wide={wide}
      headline={(m) => (
        <>
          {percent(num(m.value, "share"), 1)} <small>{count(num(m.value, "errors"))} failed</small>
        </>
      )}
    >
      {(m) => {
        const kinds = Object.entries(record(m.value, "kinds") as unknown as Record<string, number>);
        const queries = (m.value?.kind_queries ?? {}) as Record<string, string>;
        const atMost = (m.value?.share_interval as number[] | null | undefined)?.[1] ?? null;
        return (
          <>
            <OverTime
              measure={m}
              label={kinds.length ? "Failed predictions over time" : "Images that got an answer, over time"}
              height={96}
              lines={[
                kinds.length
                  ? { name: "Failed", colour: "--bad", as: "bars", of: ["errors"] }
                  : { name: "Answered", colour: "--now", as: "bars", of: ["predictions"] },
              ]}
            />
            {kinds.length === 0 ? (
              <p className={css.foot}>
                Every image got an answer{atMost === null ? "" : `; with so many, at most ${percent(atMost, 1)} would fail`}
              </p>
            ) : (
              <Bars
                label="Errors by kind"
                rows={kinds.map(([kind, n]) => ({
                  name: words(kind),
                  now: n,
                  colour: "var(--bad)",
                  text: count(n),
                  to: queries[kind] ? find(queries[kind]) : null,
                }))}
              />
            )}
          </>
        );
      }}
    </Tile>
  );
}

/** How far this viewer's clock is ahead of UTC, in whole hours. */
function hoursAhead(at = new Date()): number {
  return Math.round(-at.getTimezoneOffset() / 60);
}

/** The hours of the day as this viewer's clock counts them; the server counts them in UTC. */
export function BusyHoursTile({ wide = 3 }: { wide?: number }) {
  return (
    <Tile
      metric="throughput"
      file={counted}
      title="Busy hours"
      wide={wide}
      headline={(m) => (
        <>
          {rate(num(m.value, "per_minute"))} <small>a minute</small>
        </>
      )}
    >
      {(m) => {
        const ahead = hoursAhead();
        const utc = nums(m.value, "by_hour_of_day");
        const here = utc.map((_, hour) => utc[(((hour - ahead) % 24) + 24) % 24]);
        const hour = (at: number) => `${String(Math.round(at) % 24).padStart(2, "0")}:00`;
        return (
          <>
            <Histogram
              label="Images by hour of the day"
              counts={here}
              from={0}
              to={24}
              unit={hour}
              ends={["00:00", "24:00"]}
              name={(at) => `${hour(at)} – ${hour(at + 1)} (${hour((at - ahead + 24) % 24)} UTC)`}
              height={140}
            />
            <p className={css.foot}>Images by hour of the day, on your clock</p>
          </>
        );
      }}
    </Tile>
  );
}

function rate(perMinute: number | null): string {
  if (perMinute === null) return "–";
  return perMinute < 10 ? String(Number(perMinute.toPrecision(2))) : count(Math.round(perMinute));
}

/** What a bin's images are found by, where the server says so. */
export function binLinks(value: Record<string, unknown> | null, name: string, find: (query: string) => string) {
  const queries = (value?.[name] ?? []) as (string | null)[];
  return (bin: number) => {
    const query = queries[bin];
    return query ? find(query) : null;
  };
}
