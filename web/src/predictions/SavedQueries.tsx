/* Queries a person keeps, in this browser, for each deployment. */
import { useRef, useState } from "react";
import type { Deployment } from "../api/types";
import { Icon } from "../design/icons";
import css from "./query.module.css";

function read(name: string): string[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(name) ?? "null");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : null;
  } catch {
    return null;
  }
}

/** A browser that keeps nothing for this site keeps them for as long as the page is open. */
function write(name: string, queries: string[]): void {
  try {
    localStorage.setItem(name, JSON.stringify(queries));
  } catch {
    return;
  }
}

type Props = { deployment: Pick<Deployment, "id" | "name">; query: string; ask: (query: string) => void };

/** Made anew for each deployment (give it a key). */
export function SavedQueries({ deployment, query, ask }: Props) {
  // By its id, which no rename changes; by its name they were kept before.
  const name = `relens.queries.${deployment.id}`;
  const [kept, setKept] = useState(() => read(name) ?? read(`relens.queries.${deployment.name}`) ?? []);
  const [open, setOpen] = useState(false);
  const keep = (next: string[]) => {
    setKept(next);
    write(name, next);
  };
  const has = kept.includes(query);
  const star = useRef<HTMLButtonElement>(null);
  /** What had the keyboard goes with the menu: it goes back to what opened it. */
  const close = () => {
    setOpen(false);
    star.current?.focus();
  };
  const leave = (event: React.FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  return (
    <div className={css.saved} onBlur={leave} onKeyDown={(event) => open && event.key === "Escape" && close()}>
      <button ref={star} type="button" aria-expanded={open} aria-label="Saved queries" title="Saved queries" onClick={() => setOpen(!open)}>
        <Icon name="star" size={14} fill={has} />
      </button>
      {open && (
        <div className={css.menu}>
          {query && (
            <button type="button" onClick={() => keep(has ? kept.filter((one) => one !== query) : [query, ...kept])}>
              {has ? "Forget this query" : "Save this query"}
            </button>
          )}
          {kept.map((one) => (
            <div key={one} className={css.keptLine}>
              <button type="button" aria-current={one === query} onClick={() => (ask(one), close())}>
                <code>{one}</code>
              </button>
              <button type="button" aria-label={`Forget ${one}`} onClick={() => keep(kept.filter((other) => other !== one))}>
                <Icon name="cross" size={12} />
              </button>
            </div>
          ))}
          {kept.length === 0 && !query && <p>Type a query, then save it here.</p>}
        </div>
      )}
    </div>
  );
}
