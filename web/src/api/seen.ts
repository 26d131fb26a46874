/* What a person saw of settings when they began to change them: sent along, so that nobody overwrites what somebody else changed meanwhile. */
import { useState } from "react";
import { ApiError, tagOf } from "./client";

/** `dirty`: something is typed and not saved yet. Give `told` every error of saving: whoever was told of a change has seen it. */
export function useSeen(path: string, dirty: boolean) {
  const [seen, setSeen] = useState<string | null>(null);
  const now = tagOf(path);
  if (dirty && seen === null && now !== null) setSeen(now);
  if (!dirty && seen !== null) setSeen(null);
  const headers: Record<string, string> = seen === null ? {} : { "if-match": seen };
  const told = (error: unknown) => {
    const tag = tagIn(error);
    if (tag !== null && (error as ApiError).body.settings === areaOf(path)) setSeen(tag);
  };
  return { headers, told };
}

function tagIn(error: unknown): string | null {
  return error instanceof ApiError && error.status === 412 && typeof error.body.etag === "string" ? error.body.etag : null;
}

/** As the server calls them: by the end of their address. */
function areaOf(path: string): string {
  return path.split("/")[3] ?? "general";
}
