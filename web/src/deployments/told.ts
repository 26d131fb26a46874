/* What a demonstration tells, as it stands in a deployment's free settings, where anybody may write. Pure. */
import type { Deployment } from "../api/types";
import type { Station } from "../design/Circle";

export type Told = { station: Station; sentence: string; page: string | null; button: string | null; over: boolean };

const text = (value: unknown): value is string => typeof value === "string";

/** The story in a deployment's free settings, if what stands there is one. */
export function storyOf({ settings }: Pick<Deployment, "settings">): Told | null {
  const told = settings.story as Partial<Told> | null | undefined;
  if (!told || !text(told.station) || !text(told.sentence)) return null;
  const page = text(told.page) && /^(\w[\w/-]*|#[\w-]+)$/.test(told.page) ? told.page : null;
  return { station: told.station, sentence: told.sentence, page, button: text(told.button) ? told.button : null, over: told.over === true };
}
