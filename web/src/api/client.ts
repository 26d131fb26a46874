/* The one place that speaks HTTP. Paths are relative to the page's base, so a path prefix costs nothing. */
import { heard } from "./clock";
import { asSentence } from "./sentence";

export class ApiError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(status: number, body: Record<string, unknown>) {
    super(asSentence(sentence(status, body)));
    this.status = status;
    this.body = body;
  }
}

function sentence(status: number, body: Record<string, unknown>): string {
  if (typeof body.detail === "string") return body.detail;
  if (Array.isArray(body.detail)) {
    return body.detail.map((d: { loc?: unknown[]; msg?: string }) => `${(d.loc ?? []).slice(1).join(".")}: ${d.msg}`).join("; ");
  }
  if (typeof body.title === "string") return body.title;
  return `The server answered ${status}.`;
}

export type Params = Record<string, string | number | boolean | null | undefined>;

export function apiUrl(path: string, params?: Params): string {
  const url = new URL(`api/v1${path}`, document.baseURI);
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, String(value));
  }
  return url.toString();
}

/** The address of an image, or of its thumbnail whose long side is at most `size` pixels. */
export function imageUrl(asset: string, size?: number): string {
  return apiUrl(`/assets/${asset}`, { size });
}

/** Told to the window when the server refuses for want of its token. */
export const NEEDS_TOKEN = "relens:needs-token";

async function answer(response: Response): Promise<unknown> {
  if (response.status === 401) window.dispatchEvent(new Event(NEEDS_TOKEN));
  if (response.status === 204) return null;
  const type = response.headers.get("content-type") ?? "";
  const body: unknown = type.includes("json") ? await response.json() : await response.text();
  if (response.ok) return body;
  throw new ApiError(response.status, typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {});
}

async function reach(url: string, init?: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init);
    heard(response.headers.get("date"));
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "The server cannot be reached. Is it still running?" });
  }
}

async function call(url: string, init?: RequestInit): Promise<unknown> {
  return answer(await reach(url, init));
}

/** A file, as it is. */
export async function getFile(path: string): Promise<Blob> {
  const response = await reach(apiUrl(path));
  return response.ok ? response.blob() : ((await answer(response)) as never);
}

/** The ETag each address answered with last. */
const tags = new Map<string, string>();

export function tagOf(path: string): string | null {
  return tags.get(path) ?? null;
}

export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  const response = await reach(apiUrl(path, params), { signal, headers: { accept: "application/json" } });
  const tag = response.headers.get("etag");
  const body = (await answer(response)) as T;
  if (tag !== null) tags.set(path, tag);
  return body;
}

/** Of an image that could not be shown: whether it may be had later. What the server answers for good is no such case. */
export async function isAway(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(url);
    return status === 401 || status === 429 || status >= 500;
  } catch {
    return true;
  }
}

/** Why an image could not be shown: the server's own sentence, which has the reason where it was let go. */
export async function whyMissing(url: string): Promise<string | null> {
  try {
    await call(url);
  } catch (error) {
    if (error instanceof ApiError) return error.message;
  }
  return null;
}

export type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export async function send<T>(
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<T> {
  const init: RequestInit = { method, headers: { ...headers }, signal };
  if (body instanceof Blob || body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json", ...headers };
  }
  return (await call(apiUrl(path), init)) as T;
}
