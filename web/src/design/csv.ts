/* The numbers of a chart as a file: its points over time, or what it counts now. Pure, but for `save`. */
type Cell = string | number;

/** Every number and text inside, by its path: {"labels.bolt.precision": 0.9}. */
export function flat(value: unknown, path = ""): [string, Cell][] {
  if (typeof value === "number" || typeof value === "string") return [[path || "value", value]];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, path ? `${path}.${name}` : name));
}

type Measured = { series: Record<string, unknown>[]; value: unknown };

export function csv(measure: Measured): string {
  if (measure.series.length > 0) {
    const rows = measure.series.map((point) => new Map(flat(point).map(([name, cell]) => [name.replace(/^value\./, ""), cell])));
    const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
    return lines([names, ...rows.map((row) => names.map((name) => row.get(name) ?? ""))]);
  }
  return lines([["name", "value"], ...flat(measure.value)]);
}

/** What is counted now, where a chart draws that and not how it was over time. */
export function snapshot(value: unknown): string {
  return lines([["name", "value"], ...flat(value).filter(([name]) => !/quer(y|ies)/.test(name))]);
}

export function lines(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n");
}

/** A text that a spreadsheet would take for a formula gets an apostrophe; a number below zero is none. */
function cell(value: Cell): string {
  const text = typeof value === "string" && /^[=+\-@]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
