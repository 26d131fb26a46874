/* The rules of every deployment and where each stands; they are made and changed where the deployment is set up. */
import { useState } from "react";
import { Link } from "react-router";
import type { AlertRule, AlertSubject, Page as Items } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Switch } from "../design/controls";
import { Card, dim, Loaded } from "../design/page";
import { Chip, Notice } from "../design/status";
import css from "./alerts.module.css";
import { measures, sentence, TONES } from "./measures";

const STATES = { firing: "Firing", clearing: "Firing", pending: "Pending", ok: "" } as const;

/** `about`: only those of this deployment; "": all. */
export function Rules({ about, name }: { about: string; name: (id: string) => string }) {
  const rules = useRead<Items<AlertRule>>("/alert-rules", undefined, { every: 10_000 });
  const subjects = useRead<Items<AlertSubject>>("/alert-subjects");
  const known = measures(subjects.data?.items ?? [], new Set());
  const items = (data: Items<AlertRule>) => data.items.filter((rule) => about === "" || rule.deployment === about);
  return (
    <Card title="Rules" id="rules">
      <Loaded query={rules} height={60}>
        {(data) =>
          items(data).length === 0 ? (
            <p className={dim}>No rule yet. Settings of a deployment suggest those worth having.</p>
          ) : (
            <ul className={css.every}>
              {items(data).map((rule) => (
                <Line key={rule.id} rule={rule} text={sentence(rule, known)} deployment={name(rule.deployment)} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function Line({ rule, text, deployment }: { rule: AlertRule; text: string; deployment: string }) {
  const send = useSend("/alert-rules", "/alerts", "/deployments");
  // The switch stays where it was put while the server is told.
  const [wanted, setWanted] = useState<boolean | null>(null);
  if (wanted === rule.active) setWanted(null);
  const active = wanted ?? rule.active;
  const put = (next: boolean) => {
    setWanted(next);
    const path = `/alert-rules/${rule.id}`;
    send.mutate({ method: "PATCH", path, body: { active: next } }, { onError: () => setWanted(null) });
  };
  const state = STATES[rule.state];
  const tone = rule.state === "pending" ? "warn" : TONES[rule.severity];
  const told = rule.channels.map((channel) => channel.name).join(", ");
  return (
    <li>
      <span>
        <Switch checked={active} onChange={put}>
          {text}
        </Switch>
        {state && active && (
          <Chip tone={tone} dot>
            {state}
          </Chip>
        )}
      </span>
      <span className={dim}>{told ? `tells ${told}` : "shown on these pages only"}</span>
      <Link className={css.link} to={`/deployments/${deployment}/settings#alerts`}>
        {deployment}
      </Link>
      {send.error && <Notice tone="bad">{send.error.message}</Notice>}
    </li>
  );
}
