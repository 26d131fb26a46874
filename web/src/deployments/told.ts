/* What a demonstration tells, as it stands in a deployment's free settings, where anybody may write. Pure. */
import { serverNow } from "../api/clock";
import type { Deployment } from "../api/types";
import type { Station } from "../design/Circle";

export type Told = { station: Station; sentence: string; page: string | null; button: string | null; over: boolean };

/** A demonstration says every 45 seconds that it runs; after so long a silence it does not. */
const SILENT_MS = 150_000;
const STOPPED = "This demonstration was stopped before its end.";

const text = (value: unknown): value is string => typeof value === "string";

/** The story in a deployment's free settings, if what stands there is one. */
export function storyOf({ settings }: Pick<Deployment, "settings">, now = serverNow()): Told | null {
  const told = settings.story as (Partial<Told> & { at?: unknown }) | null | undefined;
  if (!told || !text(told.station) || !text(told.sentence)) return null;
  const { station, over } = told;
  if (over !== true && text(told.at) && now - Date.parse(told.at) > SILENT_MS)
    return { station, sentence: STOPPED, page: null, button: null, over: true };
  const page = text(told.page) && /^(\w[\w/-]*(\?\w+=[\w-]+)?|#[\w-]+)$/.test(told.page) ? told.page : null;
  return { station, sentence: told.sentence, page, button: text(told.button) ? told.button : null, over: over === true };
}
