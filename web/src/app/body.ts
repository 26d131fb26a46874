/* An example of a call: what curl sends to an address, made from what the server says that it takes. Pure. */

export type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  minimum?: number;
  minItems?: number;
  items?: Schema;
  anyOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
};
export type Content = Record<string, { schema?: Schema; example?: unknown }>;
/** `schemas` by name, and what this server has, by the name a path or a body gives it. */
export type About = { schemas: Record<string, Schema>; known: Record<string, string> };

/** What the file is called that is sent to an address, by how the address ends. */
const FILES: [string, string][] = [
  ["/review-import", "reviews.json"],
  ["/import", "dataset.zip"],
  ["/batches", "images.zip"],
  ["/checkpoint", "checkpoint.pt"],
  ["/versions", "model.onnx"],
];

/** What curl sends: JSON with all that has to be in it, a file as it is, or a file in a form. */
export function bodyOf(path: string, content: Content | undefined, about: About): string {
  if (!content) return "";
  const file = FILES.find(([end]) => path.endsWith(end))?.[1] ?? "image.jpg";
  const json = content["application/json"];
  if (json) {
    const body = JSON.stringify(json.example ?? exampleOf("", json.schema ?? {}, about));
    return ` -H 'content-type: application/json' -d '${body.replaceAll("'", `'\\''`)}'`;
  }
  if ("application/octet-stream" in content) return ` -H 'content-type: application/octet-stream' --data-binary @${file}`;
  const form = named(content["multipart/form-data"]?.schema ?? {}, about);
  const fields = (form.required ?? ["file"]).map((name) => ` -F ${name}=@${file}`);
  return fields.join("");
}

export type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: Schema };

/** A path with what there is in its places and in what it must be asked, and in capitals what one has to put there: curl drops braces. */
export function filled(path: string, about: About, parameters: Parameter[] = []): string {
  const asked = parameters
    .filter((one) => one.in === "query" && one.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(name, schema ?? {}, about)))}`);
  const there = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => placeOf(path, name, about.known));
  return asked.length > 0 ? `${there}?${asked.join("&")}` : there;
}

/** `{ref}` is whatever the path says that it is; `{name}` is that of something new. */
function placeOf(path: string, name: string, known: Record<string, string>): string {
  const [, kind, version = ""] = /\/(dataset|model)s?(-version)?s?\//.exec(path) ?? [];
  if (kind && name === "name") return `my-${kind}`;
  const found = known[kind && name === "ref" ? (kind + version).replace("-", "_") : name];
  return found ? found.split("/").map(encodeURIComponent).join("/") : name.toUpperCase();
}

function named(schema: Schema, { schemas }: About): Schema {
  return schema.$ref ? (schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)] ?? {}) : schema;
}

/** The smallest value that fits, with names this server has. */
function exampleOf(name: string, schema: Schema, about: About): unknown {
  const here = named(schema, about);
  if (here.enum) return here.enum[0];
  if (here.anyOf) return exampleOf(name, here.anyOf[0], about);
  if (here.type === "object" || here.properties)
    return Object.fromEntries((here.required ?? []).map((one) => [one, exampleOf(one, here.properties?.[one] ?? {}, about)]));
  if (here.type === "array") return Array.from({ length: here.minItems ?? 0 }, () => exampleOf(name, here.items ?? {}, about));
  if (here.type === "boolean") return true;
  if (here.type === "integer" || here.type === "number") return Math.max(here.minimum ?? 1, 1);
  return about.known[name] ?? name.toUpperCase();
}
