/* The image itself: on its way, here, or not to be had. */
import { useEffect, useState } from "react";
import { imageUrl } from "../api/client";

export type Shown = "loading" | "shown" | "failed";

export function usePicture(asset: string): { picture: HTMLImageElement | null; state: Shown } {
  const [found, setFound] = useState<{ asset: string; picture: HTMLImageElement | null } | null>(null);
  useEffect(() => {
    const loading = new Image();
    const gone = new AbortController();
    loading.addEventListener("load", () => setFound({ asset, picture: loading }), { signal: gone.signal });
    loading.addEventListener("error", () => setFound({ asset, picture: null }), { signal: gone.signal });
    loading.src = imageUrl(asset);
    return () => gone.abort();
  }, [asset]);
  if (found?.asset !== asset) return { picture: null, state: "loading" };
  return { picture: found.picture, state: found.picture ? "shown" : "failed" };
}
