/* In a row of places that is longer than the screen, the one that is open is in sight. */
import { useEffect, useRef } from "react";

/** To be put on what scrolls; `where` changes when another place is open. */
export function useInSight<E extends HTMLElement>(where: string) {
  const row = useRef<E>(null);
  const last = useRef("");
  useEffect(() => {
    if (last.current === where) return;
    last.current = where;
    const here = row.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (!row.current || !here || row.current.scrollWidth <= row.current.clientWidth) return;
    const left = here.getBoundingClientRect().left - row.current.getBoundingClientRect().left;
    row.current.scrollLeft += left - (row.current.clientWidth - here.offsetWidth) / 2;
  }, [where]);
  return row;
}
