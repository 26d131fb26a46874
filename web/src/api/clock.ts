/* What time it is at the server: how long ago something was is told by the clock that wrote it down, not by the viewer's. */

/** Answers carry whole seconds and are on their way for a while: a clock that is less wrong than this is taken for right. */
const SAME_MS = 2000;

let ahead = 0;

/** `date`: the Date header of an answer that has come just now. */
export function heard(date: string | null, now = Date.now()): void {
  const said = Date.parse(date ?? "") + 500;
  if (Number.isNaN(said)) return;
  const found = now - said;
  if (Math.abs(found) < SAME_MS) ahead = 0;
  else if (Math.abs(found - ahead) > SAME_MS) ahead = found;
}

export function serverNow(now = Date.now()): number {
  return now - ahead;
}
