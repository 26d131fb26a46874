/* Alerts: what rules can be about, rules, alerts and what happened to them, channels, notices and planned stops. */
import type { Actor } from "./things";

export type Severity = "info" | "warning" | "critical";
export type AlertSubject = { metric: string; field: string; title: string; unit: string; bounds: boolean };

/** What a person can set of a rule. */
export type RuleSettings = {
  operator: "above" | "below";
  value: number;
  window_s: number;
  min_count: number;
  clear_value: number | null;
  for_s: number;
  keep_firing_s: number;
  estimator: "point" | "lower" | "upper";
  severity: Severity;
  cooldown_s: number;
  remind_s: number | null;
  no_data_after_s: number | null;
  source: string | null;
  each_source: boolean;
};
export type LastDelivery = {
  state: "waiting" | "sent" | "failed";
  attempts: number;
  error: string;
  created_at: string;
  sent_at: string | null;
};
export type AlertRule = RuleSettings & {
  id: string;
  metric: string;
  field: string;
  webhook: string | null;
  channels: { id: string; name: string; kind: string; active: boolean }[];
  active: boolean;
  state: "ok" | "pending" | "firing" | "clearing";
  slices: { source: string | null; state: string; no_data_since: string | null; snoozed_until: string | null }[];
  last_delivery: LastDelivery | null;
};
/** A rule as it is sent, with what is left out as usual. */
export type RuleToSend = Partial<RuleSettings> & { metric: string; field?: string | null; operator: "above" | "below"; value: number };
export type SuggestedRule = { title: string; reason: string; rule: RuleToSend };

export type Alert = {
  id: string;
  rule: string;
  deployment: string;
  source: string | null;
  metric: string;
  value: number | null;
  ended_value: number | null;
  limit: number;
  operator: string;
  severity: Severity;
  state: "firing" | "resolved";
  since: string;
  resolved_at: string | null;
  acknowledged_by: Actor | string | null;
  snoozed_until: string | null;
  part_of: string | null;
  sentence: string;
  cause: string;
  next_step: string;
};
export type AlertEvent = { at: string; kind: string; value: number | null; count: number | null; by: string | null; note: string };
export type AlertStory = { alert: Alert; events: AlertEvent[] };
export type AlertNotice = { id: string; at: string; kind: string; severity: Severity; sentence: string };

export type ChannelSetting = {
  name: string;
  title: string;
  secret: boolean;
  required: boolean;
  hint: string;
  choices: string[];
  default: string;
  long: boolean;
};
export type ChannelKind = { name: string; title: string; settings: ChannelSetting[]; missing: string | null };
export type Channel = {
  id: string;
  name: string;
  kind: string;
  settings: Record<string, string>;
  place: string;
  active: boolean;
  off_reason: string;
  last_at: string | null;
  last_error: string;
};
export type TestResult = { delivered: boolean; message: string };
export type PlannedStop = { id: string; source: string | null; since: string; until: string; reason: string; created_by: string };
