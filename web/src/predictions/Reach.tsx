/* The end of what is loaded: it loads on when it comes into view, and says how far a slow search has looked. */
import { useEffect, useRef } from "react";
import type { FoundPage } from "../api/types";
import { Button } from "../design/controls";
import { count, score } from "../design/format";
import { Time } from "../design/Time";
import css from "./predictions.module.css";

type Props = { page: FoundPage | undefined; sort: string; busy: boolean; more: (() => void) | null; end: string };

export function Reach({ page, sort, busy, more, end }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(more);
  useEffect(() => {
    latest.current = more;
  });
  const stopped = Boolean(page?.partial);
  const waits = Boolean(more) && !stopped && !busy;
  useEffect(() => {
    if (!waits) return;
    const watch = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && latest.current?.(), {
      rootMargin: "900px",
    });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, [waits]);
  return (
    <div ref={place} className={css.more}>
      {stopped && page?.searched && (
        <span>
          Searched {count(page.searched.rows)} more <Until until={page.searched.until} sort={sort} />
        </span>
      )}
      {more ? (
        <Button onClick={more} disabled={busy}>
          {busy ? "Searching…" : stopped ? "Continue" : "Load more"}
        </Button>
      ) : (
        <span>{end}</span>
      )}
    </div>
  );
}

function Until({ until, sort }: { until: string | number | null; sort: string }) {
  if (until === null || until === undefined) return null;
  if (typeof until === "number") return <>as far as {`${sort.replace("-", "")} ${score(until, 3)}`}</>;
  return (
    <>
      back to <Time at={until} />
    </>
  );
}
