/* Reads the loosely typed values of measurements; a number that is not there is null, never 0. */
import type { Measurement } from "../api/types";

type Loose = Record<string, unknown> | null | undefined;

export function num(value: Loose, name: string): number | null {
  const found = value?.[name];
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

export function str(value: Loose, name: string): string | null {
  const found = value?.[name];
  return typeof found === "string" ? found : null;
}

export function nums(value: Loose, name: string): number[] {
  const found = value?.[name];
  return Array.isArray(found) ? found.filter((n): n is number => typeof n === "number") : [];
}

export function record(value: Loose, name: string): Record<string, Record<string, unknown>> {
  const found = value?.[name];
  return found && typeof found === "object" && !Array.isArray(found) ? (found as Record<string, Record<string, unknown>>) : {};
}

export function list<T = Record<string, unknown>>(value: Loose, name: string): T[] {
  const found = value?.[name];
  return Array.isArray(found) ? (found as T[]) : [];
}

/** The series' times in seconds; a point may carry its numbers itself or under "value". */
export function times(measure: Measurement): number[] {
  return measure.series.map((point) => Date.parse(String(point.t)) / 1000);
}

export function column(measure: Measurement, ...names: string[]): (number | null)[] {
  return measure.series.map((point) => {
    const holder = (point.value && typeof point.value === "object" ? point.value : point) as Record<string, unknown>;
    for (const name of names) {
      const found = num(holder, name);
      if (found !== null) return found;
    }
    return null;
  });
}

export function pairs(value: Loose, name: string): [number, number][] {
  return list<[number, number]>(value, name).filter((pair) => Array.isArray(pair) && pair.length === 2);
}
