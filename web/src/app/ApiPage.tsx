/* Every address of the server, from its own description of itself: nothing is fetched from elsewhere. */
import { useState } from "react";
import { apiUrl } from "../api/client";
import { keptToken } from "../api/token";
import { useRead } from "../api/use";
import { Input, Snippet } from "../design/controls";
import { words } from "../design/format";
import { Card, dim, Empty, Loaded, Page } from "../design/page";
import css from "./api.module.css";
import { bodyOf, filled, type About, type Content, type Parameter, type Schema } from "./body";
import { useKnown } from "./useKnown";

type Operation = {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Content };
};
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };
type Address = { method: string; path: string; group: string; operation: Operation };

const ORDER = ["get", "post", "put", "patch", "delete"];

export default function ApiPage() {
  const description = useRead<Document>("/openapi.json");
  const known = useKnown();
  const [search, setSearch] = useState("");
  return (
    <Page title="API" crumbs={[{ title: "System", to: "/system" }]}>
      <div className={css.search}>
        <Input
          type="search"
          value={search}
          aria-label="Search addresses"
          placeholder="Search"
          onChange={(event) => setSearch(event.target.value)}
        />
        <a className={css.link} href={apiUrl("/openapi.json")} download="relens-openapi.json">
          OpenAPI description
        </a>
      </div>
      <Loaded query={description} height={320}>
        {(found) => (
          <Addresses all={addresses(found)} about={{ schemas: found.components.schemas, known }} search={search.trim().toLowerCase()} />
        )}
      </Loaded>
    </Page>
  );
}

function addresses({ paths }: Document): Address[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
      .map(([method, operation]) => ({ method, path, operation, group: operation.tags?.[0] ?? "other" })),
  );
}

function Addresses({ all, about, search }: { all: Address[]; about: About; search: string }) {
  const fits = ({ method, path, operation }: Address) => `${method} ${path} ${operation.description ?? ""}`.toLowerCase().includes(search);
  const shown = all.filter(fits);
  if (shown.length === 0) return <Empty title="No address fits">Search for a part of a path, or for a word of what it does.</Empty>;
  return [...new Set(shown.map((one) => one.group))].map((group) => (
    <Card key={group} title={words(group)}>
      <ul className={css.addresses}>
        {shown
          .filter((one) => one.group === group)
          .map((one) => (
            <li key={one.method + one.path}>
              <Line {...one} about={about} />
            </li>
          ))}
      </ul>
    </Card>
  ));
}

/** What stands between backticks is a name. */
function Said({ text }: { text: string }) {
  return text.split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

function Line({ method, path, operation, about }: Address & { about: About }) {
  const [open, setOpen] = useState(false);
  const said = operation.description ?? words((operation.summary ?? "").toLowerCase());
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <b data-method={method}>{method.toUpperCase()}</b>
        <code>{path}</code>
        <span className={dim}>
          <Said text={said.split("\n")[0]} />
        </span>
      </summary>
      {open && (
        <div className={css.more}>
          {said.includes("\n") && (
            <p>
              <Said text={said} />
            </p>
          )}
          {operation.parameters && (
            <dl>
              {operation.parameters.map((one) => (
                <div key={one.in + one.name}>
                  <dt>
                    <code>{one.name}</code>{" "}
                    <span className={dim}>{one.in === "path" ? "in the path" : one.required ? "required" : ""}</span>
                  </dt>
                  <dd>
                    <Said text={one.description ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          )}
          <Command method={method} path={path} operation={operation} about={about} />
        </div>
      )}
    </details>
  );
}

/** A command that works when pasted where the server has what it speaks of; what is deleted has to be named by whoever deletes it. */
function Command({ method, path, operation, about }: Omit<Address, "group"> & { about: About }) {
  const here = method === "delete" ? { ...about, known: {} } : about;
  const address = decodeURI(new URL(".", document.baseURI).href) + filled(path, here, operation.parameters).slice(1);
  const how = method === "get" ? "" : `-X ${method.toUpperCase()} `;
  const body = bodyOf(path, operation.requestBody?.content, here);
  const token = keptToken();
  const text = (bearer: string | null) => `curl ${how}'${address}'${bearer ? ` -H 'Authorization: Bearer ${bearer}'` : ""}${body}`;
  return <Snippet label="Command" text={text(token)} shown={token ? text("••••••••") : undefined} />;
}
