/* Every logged image with what was said of it: searched by a query, ordered, chosen, opened. */
import { useEffect, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError } from "../api/client";
import { asSentence } from "../api/sentence";
import type { Dashboard, FoundPage, Prediction } from "../api/types";
import { useVersionTitles } from "../api/titles";
import { usePages, useRead } from "../api/use";
import { LinkButton, Segmented, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { count as figure, plural } from "../design/format";
import { Card, Empty, Failed, Skeleton } from "../design/page";
import { BulkBar } from "./BulkBar";
import { NOTHING, type Selection } from "./core/selection";
import { ExportMenu } from "./ExportMenu";
import { Filters } from "./Filters";
import { Gaps } from "./Gaps";
import css from "./predictions.module.css";
import { PredictionList } from "./PredictionList";
import { QueryBar, type Misread } from "./QueryBar";
import { Reach } from "./Reach";
import { ReviewAll } from "./ReviewAll";
import { useAddress } from "./useAddress";

const SORTS = [
  { value: "-taken_at", title: "Newest first" },
  { value: "taken_at", title: "Oldest first" },
  { value: "-outlier", title: "Most unusual first" },
  { value: "confidence", title: "Least confident first" },
  { value: "-confidence", title: "Most confident first" },
  { value: "-latency", title: "Slowest first" },
  { value: "random", title: "Random" },
];
const VIEWS = [
  { value: "grid", title: "Grid" },
  { value: "table", title: "Table" },
];

export default function PredictionsPage() {
  const { deployment } = useDeployment();
  const { query, sort, view, change } = useAddress();
  const path = `/deployments/${deployment.name}/predictions`;
  const title = useVersionTitles(deployment.name);
  const facts = useRead<Dashboard>(`/deployments/${deployment.name}/dashboard`, { bucket: "auto" }, { every: 30_000 });
  const counted = useRead<{ count: number; more: boolean }>(`${path}/count`, { query }, { every: 10_000, keep: true });
  const list = `${path} ${sort} ${query}`;
  const [chosen, setChosen] = useState<{ of: string; selection: Selection }>({ of: list, selection: NOTHING });
  // Another query or order is another list: what was chosen in the last one is forgotten.
  if (chosen.of !== list) setChosen({ of: list, selection: NOTHING });
  const selection = chosen.of === list ? chosen.selection : NOTHING;
  const fresh = sort === "-taken_at" && selection.ids.size === 0;
  const pages = usePages<Prediction, FoundPage>(path, { sort, query, limit: 60 }, (loaded) => (fresh && loaded < 3 ? 4000 : false));
  // Until the answer is there the last list stays in sight, but nothing of it is chosen: it is not what was asked for.
  const waiting = pages.isPlaceholderData;
  const select = (next: Selection) => !waiting && setChosen({ of: list, selection: next });
  const items = useMemo(() => pages.data?.pages.flatMap((page) => page.items) ?? [], [pages.data]);
  const last = pages.data?.pages.at(-1);
  const navigate = useNavigate();
  const ask = (next: string) => change({ q: next });
  const misread = misreadOf(pages.error);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "/" || (event.target as HTMLElement).matches("input, textarea, select")) return;
      event.preventDefault();
      document.querySelector<HTMLInputElement>("[data-query]")?.focus();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);

  return (
    <>
      <div className={css.search}>
        <QueryBar deployment={deployment} label={deployment.labels[0]} query={query} misread={misread} ask={ask} />
        <div className={css.filters}>
          <Filters
            query={query}
            readable={!misread}
            ask={ask}
            labels={deployment.labels}
            sources={facts.data?.sources ?? []}
            versions={(facts.data?.model_versions ?? []).map(title)}
          />
          <span className={css.right}>
            {counted.data && !misread && (
              <output>{`${figure(counted.data.count)}${counted.data.more ? "+" : ""} ${counted.data.count === 1 ? "image" : "images"}`}</output>
            )}
            <Select aria-label="Order" value={sort} onChange={(event) => change({ sort: event.target.value })} options={SORTS} />
            <ReviewAll deployment={deployment.name} task={deployment.task} query={query} disabled={Boolean(misread)} />
            <ExportMenu deployment={deployment.name} query={query} disabled={Boolean(misread)} />
            <Segmented label="View" value={view} options={VIEWS} onChange={(next) => change({ view: next === "grid" ? "" : next })} />
          </span>
        </div>
      </div>
      <Gaps deployment={deployment.name} />
      {misread && items.length === 0 ? null : pages.error && !misread && items.length === 0 ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.data === undefined || (waiting && items.length === 0) ? (
        <Skeleton height={360} />
      ) : items.length === 0 && !last?.partial ? (
        <Nothing filtered={query !== ""} clear={() => ask("")} />
      ) : (
        <>
          <PredictionList
            key={view}
            items={items}
            view={view}
            deployment={deployment}
            selection={selection}
            select={select}
            open={(id) => void navigate(`/deployments/${deployment.name}/predictions/${id}`, { state: { list: location.search } })}
            sort={sort}
            order={(next) => change({ sort: next })}
            total={pages.hasNextPage || waiting ? -1 : items.length}
            waiting={waiting}
          />
          <Reach
            page={last}
            sort={sort}
            busy={pages.isFetchingNextPage}
            more={pages.hasNextPage ? () => void pages.fetchNextPage() : null}
            end={waiting ? "Searching…" : `${plural(items.length, "image")}, all of them`}
          />
        </>
      )}
      <BulkBar deployment={deployment.name} items={items} selection={selection} select={select} ask={ask} />
    </>
  );
}

function misreadOf(error: Error | null): Misread | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  const { position } = error.body;
  return {
    sentence: asSentence(error.message.replace(/^at character \d+: /i, "")),
    position: typeof position === "number" ? position : null,
  };
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  return (
    <Card>
      {filtered ? (
        <Empty
          title="No image fits this query"
          actions={
            <button type="button" className={css.text} onClick={clear}>
              Clear it
            </button>
          }
        />
      ) : (
        <Empty title="No images yet" actions={<LinkButton to="../">To the dashboard</LinkButton>}>
          Every image this deployment answers appears here, newest first. Press Send images to try one.
        </Empty>
      )}
    </Card>
  );
}
