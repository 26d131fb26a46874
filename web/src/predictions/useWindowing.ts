/* Only the rows that can be seen are on the page, whatever the length of the list. The page itself scrolls. */
import { useCallback, useLayoutEffect, useRef, useState } from "react";

const MORE = 600;

/** Rows `first` to `last` (exclusive) of `count` are to be drawn, `top` pixels below the list's beginning. */
export function useWindowing(count: number, rowHeight: number) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ first: 0, last: 12 });
  const measure = useCallback(() => {
    const top = place.current?.getBoundingClientRect().top ?? 0;
    const first = Math.max(0, Math.floor((-top - MORE) / rowHeight));
    const last = Math.min(count, Math.ceil((innerHeight - top + MORE) / rowHeight));
    setSeen((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [count, rowHeight]);
  useLayoutEffect(() => {
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [measure]);
  /** Scrolls just as far as it takes to see a row. */
  const show = useCallback(
    (row: number, hidden: number) => {
      const top = (place.current?.getBoundingClientRect().top ?? 0) + row * rowHeight;
      if (top < hidden) scrollBy(0, top - hidden);
      else if (top + rowHeight > innerHeight - 72) scrollBy(0, top + rowHeight - innerHeight + 72);
    },
    [rowHeight],
  );
  const first = Math.min(seen.first, count);
  return { place, first, last: Math.max(first, Math.min(seen.last, count)), top: first * rowHeight, height: count * rowHeight, show };
}
