/* A query taken apart at its outermost "and", so that a filter can be set, read and taken away without touching the rest. Pure. */

import { quoted, unquoted } from "../../api/quoted";

/** The conditions that must all be true, as written; one part when "or" joins them. */
export function parts(query: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quote = "";
  let begun = 0;
  for (let i = 0; i < query.length; i += 1) {
    const here = query[i];
    if (quote) {
      if (here === "\\") i += 1;
      else if (here === quote) quote = "";
    } else if (here === '"' || here === "'") quote = here;
    else if (here === "(") depth += 1;
    else if (here === ")") depth -= 1;
    else if (depth === 0 && (i === 0 || /\s/.test(query[i - 1]))) {
      if (/^or\s/i.test(query.slice(i))) return query.trim() ? [query.trim()] : [];
      if (/^and\s/i.test(query.slice(i))) {
        found.push(query.slice(begun, i));
        i += 2;
        begun = i + 1;
      }
    }
  }
  found.push(query.slice(begun));
  return found.map((part) => part.trim()).filter(Boolean);
}

export function join(conditions: readonly string[]): string {
  const whole = conditions.filter(Boolean);
  return whole.map((one) => (whole.length > 1 && isChoice(one) ? `(${one})` : one)).join(" and ");
}

/** The value of `field = value` among the parts, or "". */
export function valueOf(query: string, field: string): string {
  const part = parts(query).find((one) => isOf(one, field));
  return unquoted(part?.replace(/^.*?==?/s, "").trim() ?? "");
}

/** The query with `field = value` in place of what it said of that field; an empty value takes it away. */
export function withValue(query: string, field: string, value: string): string {
  const rest = parts(query);
  const made = value ? `${field} = ${quoted(value)}` : "";
  const at = rest.findIndex((one) => isOf(one, field));
  if (at < 0) return join([...rest, made]);
  return join(rest.map((one, i) => (i === at ? made : one)));
}

export function without(query: string, part: string): string {
  return join(parts(query).filter((one) => one !== part));
}

/** Whether a part says exactly `field = value`. */
export function isOf(part: string, field: string): boolean {
  return new RegExp(`^${field}\\s*==?\\s*("(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|[^\\s"'()]+)$`, "i").test(part);
}

function isChoice(part: string): boolean {
  return /\sor\s/i.test(part) && !/^\(.*\)$/s.test(part);
}

/** Links from other pages name filters one by one; here they become a query. */
export function fromLink(search: URLSearchParams): string {
  const conditions = [search.get("q") ?? ""];
  for (const field of ["source", "label", "review", "version", "role", "tag"]) {
    const value = search.get(field);
    if (value) conditions.push(`${field} = ${quoted(value)}`);
  }
  const [from, to] = [search.get("from"), search.get("to")];
  if (from) conditions.push(`taken_at >= ${from}`);
  if (to) conditions.push(`taken_at < ${to}`);
  return join(conditions);
}
