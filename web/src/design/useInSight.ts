/* In a row of places that is longer than the screen, the one that is open is in sight. */
import { useEffect, useRef } from "react";

/** To be put on what scrolls; `when` changes as another place is open, or as what stands in the row becomes wider. */
export function useInSight<E extends HTMLElement>(when: string) {
  const row = useRef<E>(null);
  const last = useRef("");
  useEffect(() => {
    if (last.current === when) return;
    last.current = when;
    const here = row.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (!row.current || !here) return;
    const left = here.getBoundingClientRect().left - row.current.getBoundingClientRect().left;
    if (left < 0 || left + here.offsetWidth > row.current.clientWidth)
      row.current.scrollLeft += left - (row.current.clientWidth - here.offsetWidth) / 2;
  }, [when]);
  return row;
}
