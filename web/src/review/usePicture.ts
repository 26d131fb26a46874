/* The image itself: on its way, here, or not to be had. */
import { useEffect, useState } from "react";
import { imageUrl, isAway } from "../api/client";
import { load, there } from "./pictures";

export type Shown = "loading" | "shown" | "failed";

const AGAIN_MS = 2000;

/** `away`: it cannot be had at present, and is asked for again and again. */
export function usePicture(asset: string): { picture: HTMLImageElement | null; state: Shown; away: boolean } {
  const [found, setFound] = useState(() => ({ asset, picture: there(asset) }));
  const [failed, setFailed] = useState<{ asset: string; away: boolean; times: number } | null>(null);
  const known = found.asset === asset && found.picture !== null;
  const times = failed?.asset === asset ? failed.times : 0;
  useEffect(() => {
    if (known) return;
    let gone = false;
    let timer = 0;
    const fail = async () => {
      const away = await isAway(imageUrl(asset));
      const say = (n: number) => gone || setFailed({ asset, away, times: n });
      say(times);
      if (away) timer = window.setTimeout(() => say(times + 1), AGAIN_MS);
    };
    load(asset).ready.then((picture) => gone || setFound({ asset, picture }), fail);
    return () => ((gone = true), clearTimeout(timer));
  }, [asset, known, times]);
  if (known) return { picture: found.picture, state: "shown", away: false };
  const away = failed?.asset === asset && failed.away;
  return { picture: null, state: failed?.asset === asset && !away ? "failed" : "loading", away };
}
