/* Which part of the traffic the dashboard shows: when, and which images. Every choice is in the address. */
import { useState } from "react";
import type { Completion, Dashboard } from "../api/types";
import { unquoted } from "../api/quoted";
import { useRead } from "../api/use";
import { Button, Segmented, Select } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { duration, moment, utc, words } from "../design/format";
import css from "./monitoring.module.css";
import { RangeDialog, zone } from "./RangeDialog";
import { FILTERS, RANGES, type Change, type FilterName, type Window } from "./window";

type Props = { window: Window; change: (values: Change) => void; data: Dashboard | undefined; title: (version: string) => string };

/** Shadows answer nobody: without a choice they are not counted. */
function roleChoices(roles: ReadonlySet<string>) {
  const some = (names: string[]) => names.filter((name) => roles.has(name)).map((name) => ({ value: name, title: words(name) }));
  return roles.has("canary")
    ? [{ value: "", title: "Champion and canary" }, ...some(["champion", "canary", "shadow"])]
    : [{ value: "", title: "Champion" }, ...some(["shadow"])];
}

export function FilterBar({ window, change, data, title }: Props) {
  const { deployment } = useDeployment();
  const [picking, setPicking] = useState<[Date, Date] | null>(null);
  const tags = useTags(deployment.name);
  const roles = new Set<string>([...(data?.roles ?? []), ...(deployment.shadow ? ["shadow"] : []), window.role]);
  const several = roles.has("shadow") || roles.has("canary");
  const set = (Object.keys(FILTERS) as FilterName[]).filter((name) => window[name]);
  const select = (name: FilterName, label: string, options: { value: string; title: string }[]) => (
    <Select
      aria-label={label}
      value={window[name]}
      data-set={window[name] !== ""}
      onChange={(event) => change({ [name]: event.target.value })}
      options={options}
    />
  );
  const range = (value: string) =>
    value === "custom" ? setPicking(shownOf(data)) : change({ range: value === "all" ? null : value, from: null, to: null });
  return (
    <div className={css.bar} role="search" aria-label="What the dashboard shows">
      <Segmented label="Time range" value={window.range} options={[...RANGES, { value: "custom", title: "Custom…" }]} onChange={range} />
      {window.range === "custom" && data && (
        <Button small icon="cross" title={spanTitle(data)} onClick={() => change({ from: null, to: null, range: null })}>
          {moment(new Date(data.from))} – {moment(new Date(data.to))}
        </Button>
      )}
      {select("source", "Source", choices("All sources", data?.sources ?? [], window.source))}
      {select("label", "Label", choices("All labels", data?.labels ?? deployment.labels, window.label))}
      {(tags.length > 0 || window.tag) && select("tag", "Tag", choices("All tags", tags, window.tag))}
      {select("version", "Model version", choices("All versions", data?.model_versions ?? [], window.version, title))}
      {several && select("role", "Role", roleChoices(roles))}
      {set.length > 0 && (
        <Button small look="quiet" onClick={() => change(Object.fromEntries(set.map((name) => [name, null])))}>
          Clear filters
        </Button>
      )}
      <span title={data && spanTitle(data)}>{data && `one point per ${duration(data.bucket_s)} · ${zone()}`}</span>
      {picking && (
        <RangeDialog
          from={picking[0]}
          to={picking[1]}
          onClose={() => setPicking(null)}
          onChoose={(from, to) => {
            setPicking(null);
            change({ range: null, from, to });
          }}
        />
      )}
    </div>
  );
}

function spanTitle(data: Dashboard): string {
  return `${utc(new Date(data.from))} – ${utc(new Date(data.to))}`;
}

/** What the dashboard shows now is where choosing begins. */
function shownOf(data: Dashboard | undefined, now = Date.now()): [Date, Date] {
  return data ? [new Date(data.from), new Date(data.to)] : [new Date(now - 3_600_000), new Date(now)];
}

function choices(all: string, found: string[], chosen: string, title = (value: string) => value) {
  const values = chosen && !found.includes(chosen) ? [...found, chosen] : found;
  return [{ value: "", title: all }, ...values.map((value) => ({ value, title: title(value) }))];
}

/** The tags of this deployment's log, as the query bar offers them. */
function useTags(deployment: string): string[] {
  const offered = useRead<Completion>(`/deployments/${deployment}/predictions/complete`, { query: "tag = " }, { every: 60_000 });
  return (offered.data?.suggestions ?? []).filter((one) => one.kind === "value").map((one) => unquoted(one.text));
}
