/* A part that is wider than a narrow screen: it scrolls by itself, and while it does the keyboard can stop there. */
import { useEffect, useRef, useState, type ReactNode } from "react";

export function Scrolled({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [wider, setWider] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const sizes = new ResizeObserver(() => setWider(element.scrollWidth > element.clientWidth + 1));
    for (const one of [element, ...element.children]) sizes.observe(one);
    return () => sizes.disconnect();
  }, []);
  const stop = wider ? ({ tabIndex: 0, role: "region", "aria-label": label } as const) : {};
  return (
    <div ref={place} className={className} {...stop}>
      {children}
    </div>
  );
}
