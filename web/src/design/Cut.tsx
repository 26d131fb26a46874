/* A name that may be longer than its place: it loses its middle, since names differ at their ends. */
import css from "./page.module.css";

/** So much of the end always stays in sight: the number of a version is there. */
const END = 7;
const SHORT = 16;

export function Cut({ children }: { children: string }) {
  const at = children.length - END;
  if (children.length < SHORT)
    return (
      <span className={css.short} title={children}>
        {children}
      </span>
    );
  return (
    <span className={css.cut} title={children}>
      <span>{children.slice(0, at)}</span>
      <span>{children.slice(at)}</span>
    </span>
  );
}
