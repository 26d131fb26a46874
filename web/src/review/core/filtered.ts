/* An image as brightness and contrast make it, made once: filtering it again in each frame would take longer than the frame. */

type Made = { image: CanvasImageSource; filter: string; picture: CanvasImageSource };

export const PLAIN = "none";

/** Remembers the latest; `make` draws `image` through `filter`. */
export function filtering(make: (image: CanvasImageSource, filter: string) => CanvasImageSource) {
  let last: Made | null = null;
  return (image: CanvasImageSource, filter: string): CanvasImageSource => {
    if (filter === PLAIN) return image;
    if (last?.image !== image || last.filter !== filter) last = { image, filter, picture: make(image, filter) };
    return last.picture;
  };
}
