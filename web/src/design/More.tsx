/* The end of a list that goes on. */
import { Button } from "./controls";
import css from "./page.module.css";

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };

export function More({ pages, children = "Load more" }: { pages: Pages; children?: string }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className={css.more}>
      <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {pages.isFetchingNextPage ? "Loading…" : children}
      </Button>
    </div>
  );
}
