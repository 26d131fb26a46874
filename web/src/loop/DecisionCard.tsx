/* One gate decision: what, why in sentences, the difference with its interval, and the buttons when it waits. */
import { useState } from "react";
import { Link } from "react-router";
import type { Decision, Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button } from "../design/controls";
import { count, score } from "../design/format";
import { Chip, Notice, type Tone } from "../design/status";
import { Time } from "../design/Time";
import { dim } from "../design/page";
import { GateReport } from "./GateReport";
import { Interval } from "./Interval";
import css from "./loop.module.css";
import { ThresholdThen } from "./ThresholdThen";

const OUTCOME: Record<Decision["applied"], [string, Tone]> = {
  promoted: ["Promoted", "ok"],
  approved: ["Approved", "ok"],
  shadow: ["Running as shadow", "now"],
  waiting: ["Waiting for you", "warn"],
  held: ["Held back", "plain"],
  refused: ["Refused", "bad"],
  "taken back": ["Taken back", "bad"],
};

export function DecisionCard({ decision, waitsIn }: { decision: Decision; waitsIn?: Deployment }) {
  const [outcome, tone] = OUTCOME[decision.applied] ?? [decision.applied, "plain"];
  const send = useSend("/deployments", "/overview");
  const [threshold, setThreshold] = useState<number | null>(null);
  const path = `/decisions/${decision.id}`;
  // Somebody gave the role to another version, or took it back: nothing is known of the candidate beside that one.
  const other = waitsIn?.champion && waitsIn.champion.id !== decision.champion?.id ? waitsIn.champion : null;
  const again = () =>
    send.mutate({ method: "POST", path: `/deployments/${waitsIn?.name}/candidates`, body: { model_version: decision.candidate.id } });
  // Untouched, the server decides, by the settings of that moment.
  const approve = () => send.mutate({ method: "POST", path: `${path}/approve`, body: { threshold } });
  const refuse = () => send.mutate({ method: "POST", path: `${path}/refuse` });
  const number = (name: string) => (typeof decision.numbers[name] === "number" ? decision.numbers[name] : null);
  const [candidate, champion] = [number("candidate"), number("champion")];
  return (
    <article className={css.decision} data-tone={decision.decision === "keep champion" && tone === "plain" ? "bad" : tone}>
      <header className={css.decisionHead}>
        <h3>
          <Version version={decision.candidate} /> {says(decision.decision)} {decision.champion && <Version version={decision.champion} />}
        </h3>
        <Chip tone={tone} dot>
          {outcome}
        </Chip>
        <Time at={decision.at} />
      </header>
      <ul className={css.reasons}>
        {decision.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      {candidate !== null && champion !== null && (
        <Interval
          difference={number("difference")}
          lower={number("lower")}
          upper={number("upper")}
          margin={margin(decision)}
          caption={`${score(champion)} → ${score(candidate)} on ${count(number("images"))} test images`}
        />
      )}
      {decision.report && <GateReport decision={decision} report={decision.report} />}
      {decision.note && <p className={dim}>{decision.note}</p>}
      {waitsIn && !other && decision.report?.threshold && (
        <ThresholdThen
          found={decision.report.threshold}
          otherwise={decision.answers_from ?? decision.report.threshold.kept.threshold}
          chosen={threshold}
          choose={setThreshold}
        />
      )}
      {other && (
        <Notice tone="warn">
          {other.id === decision.candidate.id
            ? `${other.title} is champion already.`
            : `${other.title} answers by now, and this was judged beside ${decision.champion?.title ?? "another version"}: judge it again, then decide.`}
        </Notice>
      )}
      {waitsIn && (
        <div className={css.actions}>
          {!other && (
            <Button look="primary" icon="check" disabled={send.isPending} onClick={approve}>
              Make it champion
            </Button>
          )}
          {other && other.id !== decision.candidate.id && (
            <Button look="primary" disabled={send.isPending} onClick={again}>
              Judge it again
            </Button>
          )}
          <Button disabled={send.isPending} onClick={refuse}>
            Refuse
          </Button>
          {send.error && <Notice tone="bad">{send.error.message}</Notice>}
        </div>
      )}
    </article>
  );
}

function margin(decision: Decision): number {
  const floors = decision.numbers.floors as { margin?: number } | undefined;
  return floors?.margin ?? 0;
}

function says(decision: string): string {
  if (decision === "promote") return "may replace";
  if (decision === "keep champion") return "does not replace";
  return "cannot yet be told from";
}

function Version({ version }: { version: { id: string; title: string } }) {
  const named = /^(.*) v(\d+)$/.exec(version.title);
  if (!named) return <>{version.title}</>;
  return (
    <Link className={css.link} to={`/models/${named[1]}/${named[2]}`}>
      {version.title}
    </Link>
  );
}
