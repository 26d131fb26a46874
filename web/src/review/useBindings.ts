/* The keys a person chose, kept in this browser for every deployment. */
import { useState } from "react";
import type { Bindings } from "./core/keys";

const NAME = "relens.keys";

function read(): Bindings {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Bindings) : {};
  } catch {
    return {};
  }
}

export function useBindings(): [Bindings, (bindings: Bindings) => void] {
  const [bindings, setBindings] = useState(read);
  const keep = (next: Bindings) => {
    setBindings(next);
    localStorage.setItem(NAME, JSON.stringify(next));
  };
  return [bindings, keep];
}
