/* Reading and writing from a component. A read is named by its path, so a write can say what it makes stale. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, get, send, type Method, type Params } from "./client";
import type { Read } from "./routes";
import type { Page } from "./types";

/** `until`: what is read is done and will not change any more; it is not asked again. */
type ReadOptions<T> = { every?: number | false; until?: (data: T) => boolean; enabled?: boolean; keep?: boolean };

/** How long each path last took to answer: a server that is busy is asked less often. */
const took = new Map<string, number>();

async function timed<T>(path: string, params: Params | undefined, signal: AbortSignal): Promise<T> {
  const begun = performance.now();
  const answer = await get<T>(path, params, signal);
  took.set(path, performance.now() - begun);
  return answer;
}

/** Asks once, and again about every `every` milliseconds while the page is visible. `path: null` waits. */
export function useRead<T>(path: string | null, params?: Params, options: ReadOptions<T> = {}) {
  const { every, until } = options;
  return useQuery<T>({
    queryKey: [path, params ?? {}],
    queryFn: ({ signal }) => timed<T>(path as string, params, signal),
    enabled: path !== null && (options.enabled ?? true),
    refetchInterval: every
      ? ({ state }) => (state.data !== undefined && until?.(state.data) ? false : Math.max(every, 4 * (took.get(path ?? "") ?? 0)))
      : false,
    placeholderData: options.keep ? keepPreviousData : undefined,
  });
}

/** The same where the address says what it answers: the type comes from the server's own description. */
export function useGet<P extends string>(path: P | null, params?: Params, options: ReadOptions<Read<P>> = {}) {
  return useRead<Read<P>>(path, params, options);
}

/**
 * Why a read has nothing to show, remembered while it asks again: a query forgets its error at the start of each try, and a page that
 * stands on the error would flicker. `of`: what is read; another thing begins without an error.
 */
export function useLastError(query: { data: unknown; error: Error | null }, of: string): Error | null {
  const [last, setLast] = useState<{ of: string; error: Error | null }>({ of, error: null });
  const error = query.data === undefined ? (query.error ?? (last.of === of ? last.error : null)) : null;
  if (last.of !== of || last.error !== error) setLast({ of, error });
  return error;
}

/** Several reads of one kind at once; those that are there. */
export function useReads<T>(paths: readonly string[]): T[] {
  return useAll<T>(paths).found;
}

/** The same, with those that still come and those that were refused. */
export function useAll<T>(paths: readonly string[]): { found: T[]; waiting: boolean; errors: Error[] } {
  return useQueries({
    queries: paths.map((path) => ({
      queryKey: [path, {}],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<T>(path, undefined, signal),
    })),
    combine: (results) => ({
      found: results.flatMap((result) => (result.data === undefined ? [] : [result.data])),
      waiting: results.some((result) => result.isPending),
      errors: results.flatMap((result) => (result.error && result.data === undefined ? [result.error] : [])),
    }),
  });
}

/** A cursor list; `every` re-reads the pages that are loaded, or says from how many are when not to. */
export function usePages<T, P extends Page<T> = Page<T>>(
  path: string,
  params: Params,
  every: number | false | ((loaded: number) => number | false) = false,
) {
  return useInfiniteQuery({
    queryKey: [path, params, "pages"],
    queryFn: ({ signal, pageParam }) => get<P>(path, { ...params, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    refetchInterval: (query) => (typeof every === "function" ? every(query.state.data?.pages.length ?? 0) : every),
    placeholderData: keepPreviousData,
  });
}

type Sent = { method: Method; path: string; body?: unknown; headers?: Record<string, string> };

/** A write. Every read whose path starts with one of `stale` is asked again afterwards, also where somebody else changed it meanwhile. */
export function useSend<T = unknown>(...stale: string[]) {
  const client = useQueryClient();
  const again = () =>
    void client.invalidateQueries({ predicate: (query) => stale.some((prefix) => String(query.queryKey[0]).startsWith(prefix)) });
  return useMutation<T, Error, Sent>({
    mutationFn: ({ method, path, body, headers }) => send<T>(method, path, body, headers),
    onSuccess: again,
    onError: (error) => error instanceof ApiError && error.status === 412 && again(),
  });
}

/** Several writes that belong together, one after the other; the pages look again when all are done, or one was refused. */
export function useSendAll(...stale: string[]) {
  const client = useQueryClient();
  return useMutation<void, Error, Sent[]>({
    mutationFn: async (all) => {
      for (const { method, path, body, headers } of all) await send(method, path, body, headers);
    },
    onSettled: () =>
      client.invalidateQueries({ predicate: (query) => stale.some((prefix) => String(query.queryKey[0]).startsWith(prefix)) }),
  });
}
