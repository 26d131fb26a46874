/* Every logged image with what was said of it, to be filtered, sorted and opened. */
import { useEffect, useRef } from "react";
import { useSearchParams } from "react-router";
import type { Dashboard, Prediction } from "../api/types";
import { useVersionTitles } from "../api/titles";
import { usePages, useRead } from "../api/use";
import { Button, LinkButton, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Card, Empty, Failed, Skeleton } from "../design/page";
import { Chip } from "../design/status";
import { PredictionCard } from "./PredictionCard";
import css from "./predictions.module.css";

const REVIEWS = [
  { value: "", title: "Reviewed or not" },
  { value: "pending", title: "To review" },
  { value: "accepted", title: "Accepted" },
  { value: "corrected", title: "Corrected" },
  { value: "unusable", title: "Unusable" },
  { value: "skipped", title: "Skipped" },
];

const SORTS = [
  { value: "-taken_at", title: "Newest first" },
  { value: "taken_at", title: "Oldest first" },
  { value: "-outlier", title: "Most unusual first" },
  { value: "confidence", title: "Least confident first" },
];

export default function PredictionsPage() {
  const overview = useDeployment();
  const { deployment } = overview;
  const title = useVersionTitles(deployment.name);
  const [search, setSearch] = useSearchParams();
  const read = (name: string) => search.get(name) ?? "";
  const sort = read("sort") || "-taken_at";
  const params = {
    sort,
    source: read("source"),
    label: read("label"),
    review: read("review"),
    model_version: read("version"),
    from: read("from"),
    to: read("to"),
    limit: 60,
  };
  const facts = useRead<Dashboard>(`/deployments/${deployment.name}/dashboard`, { bucket: "auto" }, { every: 30_000 });
  const pages = usePages<Prediction>(`/deployments/${deployment.name}/predictions`, params, sort === "-taken_at" ? 4000 : false);
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Boolean(params.source || params.label || params.review || params.model_version || params.from);

  const change = (name: string, value: string) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const options = (all: string, found: string[], name = (value: string) => value) => [
    { value: "", title: all },
    ...found.map((value) => ({ value, title: name(value) })),
  ];

  return (
    <>
      <div className={css.filters}>
        <Select
          aria-label="Source"
          value={params.source}
          onChange={(event) => change("source", event.target.value)}
          options={options("All sources", facts.data?.sources ?? [])}
        />
        <Select
          aria-label="Label"
          value={params.label}
          onChange={(event) => change("label", event.target.value)}
          options={options("All labels", deployment.labels)}
        />
        <Select aria-label="Review" value={params.review} onChange={(event) => change("review", event.target.value)} options={REVIEWS} />
        <Select
          aria-label="Model version"
          value={params.model_version}
          onChange={(event) => change("version", event.target.value)}
          options={options("All versions", facts.data?.model_versions ?? [], title)}
        />
        {params.from && <Chip tone="now">{span(params.from, params.to)}</Chip>}
        {filtered && (
          <Button small look="quiet" icon="cross" onClick={() => setSearch({ sort }, { replace: true })}>
            Clear
          </Button>
        )}
        <span className={css.right}>
          <Select aria-label="Order" value={sort} onChange={(event) => change("sort", event.target.value)} options={SORTS} />
        </span>
      </div>
      {pages.error && items.length === 0 ? (
        <Failed error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.data === undefined ? (
        <Skeleton height={360} />
      ) : items.length === 0 ? (
        <Nothing filtered={filtered} />
      ) : (
        <>
          <div className={css.grid}>
            {items.map((prediction) => (
              <PredictionCard key={prediction.id} prediction={prediction} deployment={deployment} />
            ))}
          </div>
          {pages.hasNextPage && <More load={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage} />}
        </>
      )}
    </>
  );
}

function span(from: string, to: string): string {
  return [from, to]
    .map((at) => new Date(at).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }))
    .join(" – ");
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <Card>
      {filtered ? (
        <Empty title="No image fits these filters">Widen them, or clear them.</Empty>
      ) : (
        <Empty title="No images yet" actions={<LinkButton to="../">To the dashboard</LinkButton>}>
          Every image this deployment answers appears here, newest first. Press Send images to try one.
        </Empty>
      )}
    </Card>
  );
}

/** Loads the next page when it comes into view; a press does the same. */
function More({ load, busy }: { load: () => void; busy: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  useEffect(() => {
    latest.current = load;
  });
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && latest.current(), {
      rootMargin: "600px",
    });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return (
    <div ref={place} className={css.more}>
      <Button onClick={load} disabled={busy}>
        {busy ? "Loading…" : "Load more"}
      </Button>
    </div>
  );
}
