/* The image itself: on its way, here, or not to be had. */
import { useEffect, useState } from "react";
import { load, there } from "./pictures";

export type Shown = "loading" | "shown" | "failed";

export function usePicture(asset: string): { picture: HTMLImageElement | null; state: Shown } {
  const [found, setFound] = useState<{ asset: string; picture: HTMLImageElement | null }>(() => ({ asset, picture: there(asset) }));
  const [failed, setFailed] = useState<string | null>(null);
  const known = found.asset === asset && found.picture !== null;
  useEffect(() => {
    if (known) return;
    let gone = false;
    load(asset).ready.then(
      (picture) => gone || setFound({ asset, picture }),
      () => gone || setFailed(asset),
    );
    return () => void (gone = true);
  }, [asset, known]);
  if (known) return { picture: found.picture, state: "shown" };
  return { picture: null, state: failed === asset ? "failed" : "loading" };
}
