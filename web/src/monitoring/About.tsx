/* What a metric means: its definition, a picture worked out from a few real numbers, its formula, and what it needs. */
import { useEffect, useId, useRef, useState } from "react";
import type { MetricInfo } from "../api/types";
import { Icon } from "../design/icons";
import css from "./about.module.css";
import { Worked } from "./Worked";

export function About({ info, title }: { info: MetricInfo; title: string }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLSpanElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => !place.current?.contains(event.target as Node) && setOpen(false);
    const escape = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    addEventListener("pointerdown", away);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <span className={css.about} ref={place}>
      <button
        type="button"
        aria-label={`What ${title} means`}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name="info" size={13} />
      </button>
      {open && (
        <div id={id} className={css.box} role="note" aria-label={info.title}>
          <p>{info.definition}</p>
          <Worked metric={info.name} />
          {info.formula && <code>{info.formula}</code>}
          <p className={css.needs}>
            Needs {info.needs}. {info.source}
          </p>
        </div>
      )}
    </span>
  );
}
