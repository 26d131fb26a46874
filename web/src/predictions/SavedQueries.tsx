/* Queries a person keeps, in this browser, for each deployment. */
import { useState } from "react";
import { Icon } from "../design/icons";
import css from "./query.module.css";

function read(name: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

type Props = { deployment: string; query: string; ask: (query: string) => void };

export function SavedQueries({ deployment, query, ask }: Props) {
  const name = `relens.queries.${deployment}`;
  const [kept, setKept] = useState(() => read(name));
  const [open, setOpen] = useState(false);
  const keep = (next: string[]) => {
    setKept(next);
    localStorage.setItem(name, JSON.stringify(next));
  };
  const has = kept.includes(query);
  const leave = (event: React.FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  return (
    <div className={css.saved} onBlur={leave} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" aria-expanded={open} aria-label="Saved queries" title="Saved queries" onClick={() => setOpen(!open)}>
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
              <button type="button" aria-current={one === query} onClick={() => (ask(one), setOpen(false))}>
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
