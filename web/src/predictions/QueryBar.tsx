/* The query as it is typed: what could come next, where it cannot be read, and the queries one keeps. */
import { useId, useRef, useState, type KeyboardEvent } from "react";
import type { Deployment } from "../api/types";
import { useRead } from "../api/use";
import { Icon } from "../design/icons";
import css from "./query.module.css";
import { SavedQueries } from "./SavedQueries";

type Suggestion = { text: string; kind: string; says: string };
type Completion = { start: number; end: number; suggestions: Suggestion[] };
export type Misread = { sentence: string; position: number | null };

type Props = {
  deployment: Pick<Deployment, "id" | "name">;
  label?: string;
  query: string;
  misread: Misread | null;
  ask: (query: string) => void;
};

export function QueryBar({ deployment, label = "scratch", query, misread, ask }: Props) {
  const [typed, setTyped] = useState({ text: query, from: query });
  // A filter that was chosen elsewhere on the page rewrites what stands here.
  const text = typed.from === query ? typed.text : query;
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const wanted = open ? `/deployments/${deployment.name}/predictions/complete` : null;
  const found = useRead<Completion>(wanted, { query: text, at }, { keep: true }).data;
  const shown = open ? (found?.suggestions ?? []) : [];

  const write = (next: string, cursor = next.length) => {
    setTyped({ text: next, from: query });
    setAt(cursor);
    setPicked(-1);
  };
  const take = (one: Suggestion) => {
    if (!found) return;
    const begun = text.slice(0, found.start);
    const gap = begun && !/[\s(]$/.test(begun) ? " " : "";
    const head = `${begun}${gap}${one.text} `;
    const next = head + text.slice(Math.max(found.end, at)).trimStart();
    write(next, head.length);
    requestAnimationFrame(() => input.current?.setSelectionRange(head.length, head.length));
  };
  const submit = () => {
    setOpen(false);
    setTyped({ text: text.trim(), from: text.trim() });
    ask(text.trim());
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      if (open) setOpen(false);
      else input.current?.blur();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && shown.length) {
      const by = event.key === "ArrowDown" ? 1 : -1;
      setPicked((picked + by + shown.length + (picked < 0 && by < 0 ? 1 : 0)) % shown.length);
    } else if (event.key === "Tab" && open && shown.length && !event.shiftKey && text.trim()) take(shown[Math.max(picked, 0)]);
    else if (event.key === "Enter") {
      if (picked >= 0 && shown[picked]) take(shown[picked]);
      else submit();
    } else return;
    if (event.key !== "Escape") event.preventDefault();
  };
  const error = misread && text === query ? misread : null;

  return (
    <div className={css.bar} data-wrong={Boolean(error)}>
      <Icon name="search" />
      <div className={css.entry}>
        <input
          ref={input}
          data-query
          role="combobox"
          aria-label="Query"
          aria-expanded={shown.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={picked >= 0 ? `${list}-${picked}` : undefined}
          aria-invalid={Boolean(error)}
          aria-describedby={error ? `${list}-error` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={`label = "${label}" and confidence < 0.5`}
          value={text}
          onChange={(event) => (write(event.target.value, event.target.selectionStart ?? undefined), setOpen(true))}
          onSelect={(event) => setAt(event.currentTarget.selectionStart ?? text.length)}
          onFocus={() => setOpen(true)}
          onBlur={() => (setOpen(false), text.trim() !== query && submit())}
          onKeyDown={key}
        />
        {error?.position && (
          <span className={css.under} aria-hidden="true">
            <span>{text.slice(0, error.position - 1)}</span>
            <u>{/^[^\s()]+|./.exec(text.slice(error.position - 1))?.[0] ?? " "}</u>
          </span>
        )}
        {shown.length > 0 && (
          <ul className={css.list} id={list} role="listbox" aria-label="What could come next">
            {shown.map((one, i) => (
              <li
                key={`${one.kind} ${one.text}`}
                id={`${list}-${i}`}
                role="option"
                aria-selected={i === picked}
                onMouseDown={(event) => (event.preventDefault(), take(one))}
              >
                <code title={one.text}>{one.text}</code>
                <span>{one.says}</span>
              </li>
            ))}
          </ul>
        )}
        {error && (
          <p className={css.error} id={`${list}-error`} role="alert">
            {error.sentence}
          </p>
        )}
      </div>
      {text && (
        <button type="button" className={css.clear} aria-label="Clear the query" onClick={() => (write(""), ask(""))}>
          <Icon name="cross" size={13} />
        </button>
      )}
      <SavedQueries key={deployment.id} deployment={deployment} query={query} ask={ask} />
    </div>
  );
}
