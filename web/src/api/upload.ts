/* Sends a large body and says how much of it has left; `fetch` cannot say that. */
import { ApiError, apiUrl, type Params } from "./client";

export function upload<T>(path: string, params: Params, body: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", apiUrl(path, params));
    request.setRequestHeader("content-type", "application/zip");
    request.upload.addEventListener("progress", (event) => sent(event.loaded));
    request.addEventListener("load", () => {
      const answer = read(request.responseText);
      if (request.status < 300) resolve(answer as T);
      else reject(new ApiError(request.status, answer));
    });
    request.addEventListener("error", () => reject(new ApiError(0, { detail: "The server cannot be reached. Is it still running?" })));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function read(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
