/* What the server sends and takes, version 1. Written by hand until the OpenAPI document settles; every other file
   takes its types from here, so generated ones can replace this file without touching a page. */
export type * from "./things";
export type * from "./alerts";
export type * from "./live";
export type * from "./reviews";
export type * from "./predictions";
