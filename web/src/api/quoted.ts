/* A word of the query language between its quotation marks, written and read as the server does. */

export function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** What a word means, with quotation marks or without. */
export function unquoted(word: string): string {
  return /^(".*"|'.*')$/s.test(word) ? word.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : word;
}
