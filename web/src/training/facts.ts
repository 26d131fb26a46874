/* What a run ran with, as rows; of several runs, the rows in which they differ. Pure. */
import type { RunEnvironment, TrainingRun } from "../api/types";

export function environmentRows(environment: RunEnvironment | null): [string, string][] {
  if (!environment) return [];
  const { packages, program, ...plain } = environment;
  const rows: [string, string | number | null][] = [
    ["Seed", plain.seed],
    ["Threads", plain.cores === null ? plain.threads : `${plain.threads} of ${plain.cores} cores`],
    ["Relens", plain.relens],
    ["Python", plain.python],
    ...Object.entries(packages),
    ["Machine", plain.platform],
    ...Object.entries(program).map(([name, value]): [string, string] => [`${name}, says the program`, value]),
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
}

export type Row = { name: string; values: (string | null)[]; differs: boolean };

/** One row for everything that any of them has, in the order in which it is met. */
export function sideBySide(all: Record<string, unknown>[]): Row[] {
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))];
  return names.map((name) => {
    const values = all.map((one) => written(one[name]));
    return { name, values, differs: new Set(values).size > 1 };
  });
}

/** The number of the epoch in which a curve is highest, and how high. */
export function best(run: Pick<TrainingRun, "epochs">, metric: string): number | null {
  const values = run.epochs.flatMap((epoch) => epoch.metrics[metric] ?? []);
  return values.length ? Math.max(...values) : null;
}

function written(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
