/* The frame around every page: where one can go, and whether the server still answers. */
import { Link, Outlet, ScrollRestoration, useLocation } from "react-router";
import { useGet } from "../api/use";
import { bytes } from "../design/format";
import { Icon, type IconName } from "../design/icons";
import { useInSight } from "../design/useInSight";
import { Unsent } from "../review/Unsent";
import css from "./Shell.module.css";

const PLACES: { to: string; title: string; icon: IconName }[] = [
  { to: "/", title: "Deployments", icon: "deployments" },
  { to: "/models", title: "Models", icon: "models" },
  { to: "/datasets", title: "Datasets", icon: "datasets" },
  { to: "/training", title: "Training runs", icon: "training" },
  { to: "/alerts", title: "Alerts", icon: "alerts" },
  { to: "/jobs", title: "Jobs", icon: "jobs" },
  { to: "/system", title: "System", icon: "system" },
];

export function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M20.2 8.2A9 9 0 1 0 21 12" stroke="var(--ink)" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="12" cy="12" r="3.4" fill="var(--now)" />
    </svg>
  );
}

export function Shell() {
  const system = useGet("/system", undefined, { every: 30_000 });
  const alerts = useGet("/alerts", { state: "open" }, { every: 5000 });
  const jobs = useGet("/jobs", { state: "running" }, { every: 5000 });
  const firing = alerts.data?.items.length ?? 0;
  const running = jobs.data?.items.length ?? 0;
  const where = useLocation().pathname;
  const rail = useInSight<HTMLElement>(`${where} ${firing > 0} ${running > 0}`);
  const lost = jobs.isError && alerts.isError;
  return (
    <div className={css.shell}>
      <aside ref={rail} className={css.rail} aria-label="Relens">
        <a className={css.skip} href="#main">
          Skip to the page
        </a>
        <Link to="/" className={css.mark}>
          <Mark />
          Relens
        </Link>
        <nav className={css.nav} aria-label="Main">
          {PLACES.map((place) => (
            <Link key={place.to} to={place.to} aria-current={stands(where, place.to) ? "page" : undefined}>
              <Icon name={place.icon} />
              {place.title}
              {place.to === "/alerts" && firing > 0 && <Count tone={css.bad} n={firing} title={`${firing} open`} />}
              {place.to === "/jobs" && running > 0 && <Count tone={css.busy} n={running} title={`${running} running`} />}
            </Link>
          ))}
        </nav>
        {system.data && (
          <div className={css.foot} title={system.data.home}>
            <span>Relens {system.data.version}</span>
            {system.data.free_bytes !== null && <span>{bytes(system.data.free_bytes)} free</span>}
          </div>
        )}
      </aside>
      <div>
        {lost && (
          <div className={css.offline} role="status">
            The server does not answer. Pages show what was last known and refresh when it is back.
          </div>
        )}
        <Unsent below={lost} />
        <Outlet />
      </div>
      <ScrollRestoration />
    </div>
  );
}

/** Whether this page is of that place; the deployments are the first page, and each has pages of its own. */
function stands(where: string, place: string): boolean {
  const root = place === "/" ? "/deployments" : place;
  return where === place || where === root || where.startsWith(`${root}/`);
}

function Count({ tone, n, title }: { tone: string; n: number; title: string }) {
  return (
    <span className={`${css.count} ${tone}`} title={title}>
      {n}
    </span>
  );
}
