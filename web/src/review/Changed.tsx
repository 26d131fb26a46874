/* After a promotion, once: what one's own reviews changed. */
import { useState } from "react";
import type { Effect, Page } from "../api/types";
import { useRead } from "../api/use";
import { LinkButton } from "../design/controls";
import { Icon } from "../design/icons";
import css from "./review.module.css";

const SEEN = "relens.effect.seen";

export function Changed({ deployment }: { deployment: string }) {
  const newest = useRead<Page<Effect>>(`/deployments/${deployment}/effects`, { limit: 1 }, { every: 60_000 }).data?.items[0];
  const [seen, setSeen] = useState(() => remembered());
  if (!newest || newest.decision === seen || !newest.people.some((one) => one.mine)) return null;
  const close = () => {
    setSeen(newest.decision);
    remember(newest.decision);
  };
  return (
    <p className={css.changed} role="status">
      <Icon name="check" />
      <span>{newest.sentence}.</span>
      <LinkButton small look="quiet" to="../loop">
        See it
      </LinkButton>
      <button type="button" onClick={close} aria-label="Close">
        <Icon name="cross" size={13} />
      </button>
    </p>
  );
}

/** A browser that keeps nothing shows it again. */
function remembered(): string | null {
  try {
    return localStorage.getItem(SEEN);
  } catch {
    return null;
  }
}

function remember(decision: string): void {
  try {
    localStorage.setItem(SEEN, decision);
  } catch {
    return;
  }
}
