/* A gate's report in one sentence; pure, so that it can be tested. */
import type { GateReport } from "../api/types";
import { count, plural } from "../design/format";

export function summary({ images, labels, sources }: GateReport): string {
  const said = [`Fixes ${plural(images.fixes, "test image")} and breaks ${count(images.breaks)}`];
  const worse = [...labels, ...sources].filter((part) => part.state === "worse");
  said.push(worse.length > 0 ? `worse on ${listed(worse.map((part) => part.name))}` : "no label or source is clearly worse");
  const unknown = labels.filter((part) => part.state === "not assessed").length;
  if (unknown > 0) said.push(`${plural(unknown, "label")} not assessed, for lack of test objects`);
  return `${said.join("; ")}.`;
}

function listed(names: string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
