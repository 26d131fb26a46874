/* Lines a program writes, the newest in sight: it follows them until the reader scrolls up. */
import { useLayoutEffect, useRef } from "react";
import css from "./Log.module.css";

export function Log({ text, label }: { text: string; label: string }) {
  const place = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (text && place.current && follows.current) place.current.scrollTop = place.current.scrollHeight;
  }, [text]);
  const look = ({ scrollTop, scrollHeight, clientHeight }: HTMLElement) => {
    follows.current = scrollHeight - scrollTop - clientHeight < 24;
  };
  return (
    <pre ref={place} className={css.log} tabIndex={0} aria-label={label} onScroll={(event) => look(event.currentTarget)}>
      {text}
    </pre>
  );
}
