/* How something is doing, in one glance: chips, progress and notices. */
import { useEffect, useRef, type ReactNode } from "react";
import { asSentence } from "../api/sentence";
import type { Job, ReviewState, Serving } from "../api/types";
import { Icon } from "./icons";
import css from "./status.module.css";

export type Tone = "ok" | "warn" | "bad" | "now" | "plain";

export function Chip({
  tone = "plain",
  dot,
  busy,
  title,
  children,
}: {
  tone?: Tone;
  dot?: boolean;
  busy?: boolean;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={`${css.chip} ${css[tone]}`} title={title}>
      {dot && <span className={`${css.dot} ${busy ? css.busy : ""}`} />}
      {children}
    </span>
  );
}

const SERVING: Record<Serving["state"], [string, Tone, boolean]> = {
  loading: ["Loading", "now", true],
  warming: ["Warming up", "now", true],
  live: ["Live", "ok", false],
  failed: ["Failed", "bad", false],
  external: ["Own machines", "plain", false],
};

export function ServingChip({ serving }: { serving: Serving | null | undefined }) {
  const [title, tone, busy] = SERVING[serving?.state ?? "loading"] ?? SERVING.loading;
  return (
    <Chip tone={tone} dot busy={busy} title={serving?.message ? asSentence(serving.message) : undefined}>
      {title}
    </Chip>
  );
}

const JOB: Record<Job["state"], [string, Tone]> = {
  queued: ["Queued", "plain"],
  running: ["Running", "now"],
  succeeded: ["Done", "ok"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "plain"],
};

export function JobChip({ state }: { state: Job["state"] }) {
  const [title, tone] = JOB[state] ?? [state, "plain"];
  return (
    <Chip tone={tone} dot busy={state === "running"}>
      {title}
    </Chip>
  );
}

const REVIEW: Record<ReviewState, [string, Tone]> = {
  pending: ["To review", "plain"],
  accepted: ["Accepted", "ok"],
  corrected: ["Corrected", "now"],
  unusable: ["Unusable", "warn"],
  skipped: ["Skipped", "plain"],
};

export function ReviewChip({ state }: { state: ReviewState }) {
  const [title, tone] = REVIEW[state] ?? [state, "plain"];
  return <Chip tone={tone}>{title}</Chip>;
}

export function Bar({ value, total, label, done }: { value: number; total: number; label: string; done?: boolean }) {
  const share = total > 0 ? Math.min(1, value / total) : 0;
  return (
    <div className={css.bar} role="progressbar" aria-label={label} aria-valuenow={value} aria-valuemin={0} aria-valuemax={total}>
      <span className={done ? css.okFill : ""} style={{ width: `${share * 100}%` }} />
    </div>
  );
}

export function Notice({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  const said = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // At the end of a long form a refusal would be out of sight, and the button would seem to do nothing.
    if (tone === "bad" && said.current?.closest("[role=dialog]")) said.current.scrollIntoView({ block: "nearest" });
  }, [tone]);
  return (
    <div ref={said} className={`${css.notice} ${css[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "bad" || tone === "warn" ? "warning" : tone === "ok" ? "check" : "info"} />
      <div>{children}</div>
    </div>
  );
}
