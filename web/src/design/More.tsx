/* The end of a list that goes on. */
import { Button } from "./controls";
import { count } from "./format";
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

/** Of a table that shows its first lines only. `edge`: it stands at the edge of a card. */
export function ShowAll({ of, edge, press }: { of: number; edge?: boolean; press: () => void }) {
  return (
    <div className={edge ? css.showAll : undefined}>
      <Button small onClick={press}>
        Show all {count(of)}
      </Button>
    </div>
  );
}
