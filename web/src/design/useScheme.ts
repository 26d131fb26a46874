/* Whether the system asks for dark; canvases need to be told, CSS does not. */
import { useSyncExternalStore } from "react";

const asked = () => matchMedia("(prefers-color-scheme: dark)");

function subscribe(listener: () => void): () => void {
  const query = asked();
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

export function useScheme(): "dark" | "light" {
  return useSyncExternalStore(subscribe, () => (asked().matches ? "dark" : "light"));
}
