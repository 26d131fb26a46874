/* The furniture of every page: head, card, facts, table, and what stands there while there is nothing to show. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Fragment, useEffect, type ReactNode } from "react";
import { Link } from "react-router";
import { Button } from "./controls";
import css from "./page.module.css";
import { Scrolled } from "./Scrolled";
import { Notice } from "./status";

export const tableClass = css.table;
export const dim = css.dim;
export const strong = css.strong;

type Crumb = { title: string; to: string };

export function Page({
  title,
  crumbs = [],
  chips,
  actions,
  lead,
  children,
}: {
  title: string;
  crumbs?: Crumb[];
  chips?: ReactNode;
  actions?: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <main className={css.page} id="main">
      <header className={css.head}>
        <div className={css.titles}>
          {crumbs.length > 0 && (
            <nav className={css.crumbs} aria-label="Where this is">
              {crumbs.map((crumb, i) => (
                <Fragment key={crumb.to}>
                  {i > 0 && <span aria-hidden="true">/</span>}
                  <Link to={crumb.to}>{crumb.title}</Link>
                </Fragment>
              ))}
            </nav>
          )}
          <div className={css.title}>
            <h1>{title}</h1>
            {chips}
          </div>
          {lead && <p className={css.lead}>{lead}</p>}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </main>
  );
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === "Relens" ? title : `${title} · Relens`;
  }, [title]);
}

export function Card({
  title,
  aside,
  flush,
  children,
  id,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  flush?: boolean;
  children: ReactNode;
  id?: string;
}) {
  return (
    <section className={css.card} id={id}>
      {(title || aside) && (
        <div className={css.cardHead}>
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {flush ? (
        <Scrolled label={typeof title === "string" ? title : "Table"} className={css.flush}>
          {children}
        </Scrolled>
      ) : (
        <div className={css.cardBody}>{children}</div>
      )}
    </section>
  );
}

export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {actions && <div className={css.actions}>{actions}</div>}
    </div>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className={css.facts}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Name and value in two columns; rows without a value are left out. */
export function Rows({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className={css.rows}>
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

export function Skeleton({ height = 120 }: { height?: number }) {
  return <div className={css.skeleton} style={{ height }} role="progressbar" aria-busy="true" aria-label="Loading" />;
}

/** The three ways a read can stand: not here yet, failed, here. */
export function Loaded<T>({
  query,
  height,
  children,
}: {
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  height?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton height={height} />;
}

export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <Notice tone="bad">
      {error.message}{" "}
      {retry && (
        <Button small onClick={retry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
