/* A place on the dashboard. It is there from the start and, until it can show something, says what it needs. */
import { createContext, useContext, useId, useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Params } from "../api/client";
import type { Dashboard, Measurement, MetricInfo } from "../api/types";
import { Icon } from "../design/icons";
import { csv, save } from "./csv";
import css from "./monitoring.module.css";

export type Board = {
  dashboard: Dashboard;
  catalog: Record<string, MetricInfo>;
  name: string;
  threshold: number;
  labels: string[];
  /** The filters in force, for tiles that ask for more. */
  params: Params;
  /** What the time axes span, in seconds; the last bucket is whole. */
  span: [number, number];
  zoom: (from: number, to: number) => void;
  /** Shows the predictions of a time span. */
  open: (from: number, to: number) => void;
};
export const BoardContext = createContext<Board | null>(null);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  if (!board) throw new Error("a tile stands on a dashboard");
  return board;
}

type Props = {
  metric: string;
  title?: string;
  wide?: number;
  headline?: (measure: Measurement) => ReactNode;
  children: (measure: Measurement) => ReactNode;
};

export function Tile({ metric, title, wide = 4, headline, children }: Props) {
  const { dashboard, catalog, name } = useBoard();
  const measure = dashboard.metrics[metric];
  const info = catalog[metric];
  const id = useId();
  const ready = measure?.available && measure.value !== null;
  return (
    <section className={css.tile} style={{ "--wide": wide } as React.CSSProperties} aria-labelledby={id} data-metric={metric}>
      <header className={css.tileHead}>
        <h3 id={id}>{title ?? info?.title ?? metric}</h3>
        {info && <About info={info} />}
        {ready && (
          <button
            type="button"
            className={css.save}
            title="Download the numbers (CSV)"
            aria-label={`Download ${title ?? info?.title ?? metric} as CSV`}
            onClick={() => save(`${name} ${metric}.csv`, csv(measure))}
          >
            <Icon name="download" size={13} />
          </button>
        )}
        {ready && headline && <span className={css.headline}>{headline(measure)}</span>}
      </header>
      {ready ? children(measure) : <Needs sentence={silent(dashboard, info) ?? measure?.needs ?? null} kind={info?.needs} />}
    </section>
  );
}

/** Images came, but nothing in them was answered: then it is not images that are missing. */
function silent(dashboard: Dashboard, info?: MetricInfo): string | null {
  const images = dashboard.metrics.volume?.count ?? 0;
  return info?.needs === "predictions" && images > 0 ? "Nothing reached the confidence threshold in this window." : null;
}

function Needs({ sentence, kind }: { sentence: string | null; kind?: string }) {
  const { name } = useBoard();
  const text = sentence ?? "Needs predictions.";
  return (
    <div className={css.needs}>
      <p>{text.charAt(0).toUpperCase() + text.slice(1)}</p>
      {kind === "training data" && <Link to={`/deployments/${name}/settings#training-data`}>Choose training data</Link>}
      {kind === "reviews" && <Link to={`/deployments/${name}/review`}>Review images</Link>}
    </div>
  );
}

function About({ info }: { info: MetricInfo }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <span className={css.about} onMouseLeave={() => setOpen(false)}>
      <button
        type="button"
        aria-label={`What ${info.title} means`}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        onBlur={() => setOpen(false)}
      >
        <Icon name="info" size={13} />
      </button>
      {open && (
        <span id={id} className={css.aboutBox} role="note">
          <span>{info.definition}</span>
          {info.formula && <code>{info.formula}</code>}
          <span className={css.aboutNeeds}>Needs {info.needs}.</span>
        </span>
      )}
    </span>
  );
}
