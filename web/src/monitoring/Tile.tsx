/* A place on the dashboard. It is there from the start and, until it can show something, says what it needs. */
import { useId, useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Measurement, MetricInfo } from "../api/types";
import { AsTable } from "../design/charts/asTable";
import { csv, save, snapshot } from "../design/csv";
import { Icon, type IconName } from "../design/icons";
import { About } from "./About";
import { useBoard } from "./board";
import css from "./monitoring.module.css";

type Needed = { sentence: string | null; kind?: string };

type FrameProps = {
  /** The metric it is about, or a name of its own. */
  name: string;
  title: string;
  info?: MetricInfo;
  wide?: number;
  headline?: ReactNode;
  /** What is missing; null: nothing, and the children are shown. */
  missing: Needed | null;
  /** Its numbers as a file. */
  file?: () => string;
  /** Whether there is a chart that can also be a table. */
  chart?: boolean;
  children: () => ReactNode;
};

export function Frame({ name, title, info, wide = 4, headline, missing, file, chart = true, children }: FrameProps) {
  const { name: deployment } = useBoard();
  const [table, setTable] = useState(false);
  const id = useId();
  return (
    <section className={css.tile} style={{ "--wide": wide } as React.CSSProperties} aria-labelledby={id} data-metric={name}>
      <header className={css.tileHead}>
        <h3 id={id}>{title}</h3>
        {info && <About info={info} title={title} />}
        {!missing && headline && <span className={css.headline}>{headline}</span>}
      </header>
      {missing ? <Needs {...missing} /> : <AsTable value={table}>{children()}</AsTable>}
      <div className={css.tools}>
        {!missing && chart && (
          <Tool icon="jobs" name={`${title} as a table`} title="Show as a table" pressed={table} onClick={() => setTable(!table)} />
        )}
        {!missing && file && (
          <Tool
            icon="download"
            name={`Download ${title} as CSV`}
            title="Download the numbers (CSV)"
            onClick={() => save(`${deployment} ${title.toLowerCase()}.csv`, file())}
          />
        )}
      </div>
    </section>
  );
}

function Tool({
  icon,
  name,
  title,
  pressed,
  onClick,
}: {
  icon: IconName;
  name: string;
  title: string;
  pressed?: boolean;
  onClick: () => void;
}) {
  return (
    <button type="button" className={css.tool} title={title} aria-label={name} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} size={13} />
    </button>
  );
}

type Props = {
  metric: string;
  title?: string;
  wide?: number;
  chart?: boolean | ((measure: Measurement) => boolean);
  headline?: (measure: Measurement) => ReactNode;
  /** What its file holds, where that is not the metric over time. */
  file?: (measure: Measurement) => string;
  children: (measure: Measurement) => ReactNode;
};

/** The file of a tile that draws what is counted now. */
export const counted = (measure: Measurement) => snapshot(measure.value);

export function Tile({ metric, title, headline, file = csv, chart, children, ...rest }: Props) {
  const { dashboard, catalog } = useBoard();
  const measure = dashboard.metrics[metric] as Measurement | undefined;
  const info = catalog[metric];
  const ready = measure?.available && measure.value !== null ? measure : null;
  return (
    <Frame
      name={metric}
      title={title ?? info?.title ?? metric}
      info={info}
      headline={ready && headline?.(ready)}
      missing={ready ? null : { sentence: measure?.needs ?? null, kind: info?.needs }}
      file={() => (ready ? file(ready) : "")}
      chart={typeof chart === "function" ? ready !== null && chart(ready) : chart}
      {...rest}
    >
      {() => ready && children(ready)}
    </Frame>
  );
}

function Needs({ sentence, kind }: Needed) {
  const { name } = useBoard();
  const text = sentence ?? "Needs predictions.";
  return (
    <div className={css.needs}>
      <p>{(text.charAt(0).toUpperCase() + text.slice(1)).split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part))}</p>
      {kind === "training data" && text.startsWith("choose") && (
        <Link to={`/deployments/${name}/settings#training-data`}>Choose training data</Link>
      )}
      {kind === "reviews" && <Link to={`/deployments/${name}/review`}>Review images</Link>}
    </div>
  );
}
