/* Every camera by itself, the silent ones first: a dead camera sends nothing, and must not vanish for it. */
import { useState } from "react";
import { Link } from "react-router";
import { imageUrl } from "../api/client";
import type { Source, Sources } from "../api/types";
import { useRead } from "../api/use";
import { Input } from "../design/controls";
import { Cut } from "../design/Cut";
import { count, milliseconds, percent, plural, score } from "../design/format";
import { ShowAll } from "../design/More";
import { dim, Loaded, strong, tableClass } from "../design/page";
import { Sparkline } from "../design/Sparkline";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import { useBoard } from "./board";
import css from "./monitoring.module.css";

const AT_FIRST = 12;
const SEARCHED_FROM = 8;

/** `choose` narrows the dashboard to one. */
export function SourcesTable({ choose }: { choose: (source: string) => void }) {
  const { name, params } = useBoard();
  const { bucket: _, tag: _tag, ...wanted } = params;
  const sources = useRead<Sources>(`/deployments/${name}/sources`, wanted, { every: 5000, keep: true });
  return (
    <section className={css.tile} data-flat style={{ "--wide": 12 } as React.CSSProperties} aria-label="Sources">
      <Loaded query={sources} height={120}>
        {(data) =>
          data.items.length === 0 ? (
            <p className={css.foot}>Say with each image which camera it is from (source=…), and each camera stands here by itself.</p>
          ) : (
            <Table sources={data} choose={choose} />
          )
        }
      </Loaded>
    </section>
  );
}

function Table({ sources, choose }: { sources: Sources; choose: (source: string) => void }) {
  const [wanted, setWanted] = useState("");
  const [all, setAll] = useState(false);
  const fitting = sources.items.filter((source) => source.name.toLowerCase().includes(wanted.toLowerCase()));
  const shown = all ? fitting : fitting.slice(0, AT_FIRST);
  const silent = sources.items.filter((source) => source.silent_since).length;
  return (
    <>
      <header className={css.tileHead}>
        <h3>{plural(sources.items.length + sources.more, "source")}</h3>
        {silent > 0 && <Chip tone="warn">{silent} silent</Chip>}
        {sources.items.length > SEARCHED_FROM && (
          <span className={css.small}>
            <Input
              type="search"
              aria-label="Find a source"
              placeholder="Find a source"
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          </span>
        )}
      </header>
      <div className={css.slices} tabIndex={0} role="region" aria-label="Sources, a table">
        <table className={tableClass}>
          <thead>
            <tr>
              <th>Source</th>
              <th>Volume</th>
              <th data-n>Images</th>
              <th data-n>Last image</th>
              <th data-n>Latency p95</th>
              <th data-n>Confidence</th>
              <th data-n>Drift</th>
              <th data-n>Unusual</th>
              <th data-n>Precision</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((source) => (
              <Line key={source.name} source={source} choose={() => choose(source.name)} />
            ))}
          </tbody>
        </table>
        {fitting.length === 0 && <p className={`${css.foot} ${css.none}`}>No source is called that.</p>}
      </div>
      {fitting.length > shown.length && <ShowAll of={fitting.length} press={() => setAll(true)} />}
      {sources.more > 0 && <p className={css.foot}>{count(sources.more)} more than this table holds.</p>}
    </>
  );
}

function Line({ source, choose }: { source: Source; choose: () => void }) {
  const { find, query } = useBoard();
  const { last, precision } = source;
  const images = `source = ${JSON.stringify(source.name)} and ${query}`;
  return (
    <tr data-silent={source.silent_since !== null}>
      <td>
        <span className={css.slice}>
          {last ? <img src={imageUrl(last.asset, 96)} alt="" loading="lazy" /> : <span className={css.noImage} />}
          <button type="button" className={strong} title={`Show only ${source.name}`} onClick={choose}>
            <Cut>{source.name}</Cut>
          </button>
          {source.silent_since && (
            <Chip tone="warn" dot>
              silent since <Time at={source.silent_since} />
            </Chip>
          )}
        </span>
      </td>
      <td>
        <Sparkline values={source.volume} title={`Images of ${source.name}`} />
      </td>
      <td data-n>{source.images > 0 ? <Link to={find(images)}>{count(source.images)}</Link> : <span className={dim}>none</span>}</td>
      <td data-n>{last ? <Time at={last.taken_at} /> : <span className={dim}>–</span>}</td>
      <td data-n>{milliseconds(source.p95_ms)}</td>
      <td data-n>{score(source.confidence, 2)}</td>
      <td data-n title={source.moved ?? undefined}>
        {score(source.drift, 2)}
      </td>
      <td data-n>{percent(source.unusual_share, 1)}</td>
      <td data-n title={precision.reviewed > 0 ? `from ${plural(precision.reviewed, "reviewed image")}` : undefined}>
        {percent(precision.value)}
        {precision.interval && <small>{precision.interval.map((one) => Math.round(one * 100)).join("–")}</small>}
      </td>
    </tr>
  );
}
