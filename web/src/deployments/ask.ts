/* One image to a deployment or a version, and everything that was said of it, also what stays below the threshold. */
import { get, send } from "../api/client";
import type { Answer, Prediction } from "../api/types";

/** `look`: the address that answers and logs nothing; `predict`: the one that logs, where there is one. */
export type Door = { look: string; predict?: string };
/** `src`: where the image is in this browser; the server keeps none of what is only tried. */
export type Shown = { key: string; src: string; answer: Answer };

let asked = 0;

export async function ask(door: Door, file: Blob, keep: boolean, signal?: AbortSignal): Promise<Shown> {
  const headers = { "content-type": file.type || "application/octet-stream" };
  const logging = keep && door.predict !== undefined;
  const path = logging ? `${door.predict}?source=browser` : `${door.look}?threshold=0`;
  const answer = await send<Answer>("POST", path, file, headers, signal);
  // What stayed below the threshold is in the log: the slider can bring it back.
  const whole = logging && answer.id ? await get<Prediction>(`/predictions/${answer.id}`) : null;
  asked += 1;
  return { key: `${asked}`, src: URL.createObjectURL(file), answer: { ...answer, detections: whole?.detections ?? answer.detections } };
}

/** A classification: its best label says it. */
export const isWhole = ({ detections }: Answer) => detections.length > 0 && detections.every((one) => !one.box && !one.polygon);

/** What is answered from that confidence on. */
export function from({ detections }: Answer, threshold: number): Answer["detections"] {
  return detections.filter((one) => one.confidence >= threshold).map((one) => ({ ...one, answered: true }));
}
