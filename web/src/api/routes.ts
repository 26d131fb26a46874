/* Which answer belongs to which address, from the server's own description: `/deployments/${name}/roles` is a list of role lines. */
import type { paths } from "./schema";

/** A place for any word: `{deployment}` in the description, `${name}` in a template. */
type Word<S extends string> = string extends S ? "*" : S extends `{${string}}` ? "*" : S;
type Canonical<S extends string> = S extends `${infer Head}/${infer Rest}` ? `${Word<Head>}/${Canonical<Rest>}` : Word<S>;
type Own<S> = S extends `/api/v1${infer Rest}` ? Canonical<Rest> : never;

type Answers<Path extends keyof paths> = paths[Path] extends { get: { responses: infer R } } ? R : never;

/** Those that answer to GET: a way that only takes may be called the same, with another word in its place. */
type Gets = { [Path in keyof paths as [Answers<Path>] extends [never] ? never : Own<Path>]: Answers<Path> };

type Body<R> = R extends { 200: { content: { "application/json": infer T } } } ? T : never;

/** What GET answers there; for an address the server does not have, a type with which nothing can be done. */
export type Read<P extends string> = Canonical<P> extends keyof Gets ? Body<Gets[Canonical<P>]> : { noSuchAddress: P };
