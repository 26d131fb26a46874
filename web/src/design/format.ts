/* Numbers and times as a person reads them. Pure; the moment "now" is handed in. */

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-US");
}

/** Short for axes and tight cells: 1.2k, 34k, 5.6M. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size < 1000) return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
  if (size < 999_500) return `${Number((value / 1e3).toFixed(size < 1e4 ? 1 : 0))}k`;
  return `${Number((value / 1e6).toFixed(size < 1e7 ? 1 : 0))}M`;
}

export function score(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}

export function percent(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? "–" : `${(value * 100).toFixed(digits)} %`;
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

/** 40 s, 12 min, 3.5 h, 2 days. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Number((seconds / 3600).toFixed(seconds < 36000 ? 1 : 0))} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** How long a disk lasts; further away than that nobody can say. */
export function lasting(days: number): string {
  return days > 3650 ? "over ten years" : duration(days * 86_400);
}

export function ago(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (seconds < 5) return seconds < -60 ? clock(at) : "just now";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86400) {
    const days = Math.round(seconds / 86400);
    return days === 1 ? "1 day ago" : `${days} days ago`;
  }
  return at.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

export function clock(at: Date): string {
  return at.toLocaleString(undefined, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** Short, for charts: Mar 1, 12:30. */
export function moment(at: Date): string {
  return at.toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

const DAY_S = 86_400;

/** What a tick of a time axis says, whose ticks are `step` seconds apart: the hour, or the day where one begins. */
export function tickTime(at: Date, step: number): string {
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (step >= 28 * DAY_S) return at.toLocaleDateString(undefined, { month: "short", year: "numeric" });
  if (step >= DAY_S || midnight) return at.toLocaleDateString(undefined, { month: "short", day: "numeric" });
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(step < 60 ? { second: "2-digit" } : {}) });
}

/** The instant in UTC, for hovering: 2026-03-01 12:30:05 UTC. */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function who(actor: { name: string } | string | null | undefined): string {
  if (!actor) return "–";
  const name = typeof actor === "string" ? actor : actor.name;
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name) ? "–" : name;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A name in the API as words: "continuous_training" → "Continuous training". */
export function words(name: string): string {
  const text = name.replaceAll("_", " ").replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
