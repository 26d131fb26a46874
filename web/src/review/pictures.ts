/* The pictures of the images at hand, loaded and decoded ahead: the next one is drawn in the moment it is asked for. */
import { imageUrl } from "../api/client";

type Held = { picture: HTMLImageElement; decoded: boolean; ready: Promise<HTMLImageElement> };

const held = new Map<string, Held>();

const fetched = new Set<string>();

/** Holds the pictures of these and no others; `later` are fetched at least, so that the browser has them when the network is gone. */
export function hold(assets: readonly string[], later: readonly string[] = []): void {
  for (const asset of held.keys()) if (!assets.includes(asset)) held.delete(asset);
  for (const asset of later) {
    if (fetched.has(asset)) continue;
    fetched.add(asset);
    new Image().src = imageUrl(asset);
  }
  // Whoever draws one of them hears of what failed.
  for (const asset of assets) load(asset).ready.catch(() => undefined);
}

/** The picture, if it can be drawn at once. */
export function there(asset: string): HTMLImageElement | null {
  const found = held.get(asset);
  return found?.decoded ? found.picture : null;
}

/** One that failed is tried anew the next time. */
export function load(asset: string): Held {
  const before = held.get(asset);
  if (before) return before;
  const picture = new Image();
  picture.src = imageUrl(asset);
  const ready = picture.decode().then(
    () => ((made.decoded = true), picture),
    (error: unknown) => {
      held.delete(asset);
      throw error;
    },
  );
  const made: Held = { picture, decoded: false, ready };
  held.set(asset, made);
  return made;
}
