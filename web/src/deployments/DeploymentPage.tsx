/* One deployment: who answers, how it is doing, and the tabs. */
import { Link, NavLink, Outlet, useLocation, useNavigate, useParams } from "react-router";
import type { DeploymentOverview } from "../api/types";
import type { InDeployment } from "../design/deployment";
import { ApiError } from "../api/client";
import { useGet, useLastError } from "../api/use";
import { Cut } from "../design/Cut";
import { count, plural, words } from "../design/format";
import { dim, Fact, Facts, Failed, Skeleton, useTitle } from "../design/page";
import { Chip, ServingChip } from "../design/status";
import { Time } from "../design/Time";
import { useInSight } from "../design/useInSight";
import css from "./deployments.module.css";
import { ArchivedNotice } from "./Archive";
import { FailedServing } from "./FailedServing";
import { Fresh } from "./Fresh";
import { NotYet } from "./NotYet";
import { Pipeline } from "./Pipeline";
import { SendButton } from "./SendDialog";
import { Story } from "./Story";

export default function DeploymentPage() {
  const { name = "" } = useParams();
  const overview = useGet(`/deployments/${name}/overview`, undefined, { every: 2000 });
  const error = useLastError(overview, name);
  const loop = useGet(`/deployments/${name}/loop`, undefined, { every: 2000 });
  const navigate = useNavigate();
  const fresh = Boolean((useLocation().state as { fresh?: boolean } | null)?.fresh);
  useTitle(name);
  if (!overview.data && error instanceof ApiError && error.status === 404) return <NotYet name={name} />;
  if (!overview.data) {
    return (
      <main className={css.body}>{error ? <Failed error={error} retry={() => void overview.refetch()} /> : <Skeleton height={160} />}</main>
    );
  }
  const shared: InDeployment = { ...overview.data, loop: loop.data ?? null };
  return (
    <>
      <Header overview={shared} fresh={fresh} />
      <main className={css.body} id="main">
        {fresh && <Fresh overview={shared} onDone={() => void navigate(".", { replace: true, state: null })} />}
        <Outlet context={shared} />
      </main>
    </>
  );
}

function Header({ overview, fresh }: { overview: InDeployment; fresh: boolean }) {
  const { deployment } = overview;
  const base = `/deployments/${deployment.name}`;
  const where = useLocation().pathname;
  const slim = where.endsWith("/review");
  const tabs = useInSight<HTMLElement>(where);
  return (
    <header className={css.header} data-slim={slim}>
      <div className={css.head}>
        <div>
          <nav className={css.crumb} aria-label="Where this is">
            <Link to="/">Deployments</Link>
          </nav>
          <div className={css.title}>
            <h1 aria-label={deployment.name}>
              <Cut>{deployment.name}</Cut>
            </h1>
            {deployment.archived_at ? <Chip>Archived</Chip> : <ServingChip serving={deployment.serving} />}
            <Chip>{words(deployment.task)}</Chip>
            {Boolean(deployment.settings?.simulated) && <Chip title="Its images and its reviewer are simulated">Simulated</Chip>}
            {overview.open_alerts > 0 && <OpenAlerts deployment={deployment.name} n={overview.open_alerts} />}
          </div>
        </div>
        <div className={css.actions}>{!deployment.archived_at && <SendButton deployment={deployment} />}</div>
      </div>
      <Story deployment={deployment} slim={slim} />
      <ArchivedNotice deployment={deployment} />
      {!fresh && !deployment.archived_at && <FailedServing deployment={deployment} />}
      <div className={css.under}>
        <Facts>
          <Fact name="Champion">
            <VersionLink version={deployment.champion} />
          </Fact>
          <Fact name="Shadow">
            <VersionLink version={deployment.shadow} />
          </Fact>
          <Fact name="Images">{count(overview.predictions)}</Fact>
          <Fact name="Reviewed">
            {count(overview.reviewed)} <span className={dim}>{overview.pending > 0 && `/ ${count(overview.pending)} to go`}</span>
          </Fact>
          <Fact name="Last image">
            <Time at={overview.last_prediction_at} />
          </Fact>
        </Facts>
        <Pipeline pipeline={overview.pipeline} settings={`${base}/settings`} />
      </div>
      <nav ref={tabs} className={css.tabs} aria-label="Deployment">
        <NavLink to={base} end>
          Dashboard
        </NavLink>
        <NavLink to={`${base}/predictions`}>Predictions</NavLink>
        <NavLink to={`${base}/review`}>Review {overview.pending > 0 && <span>{count(overview.pending)}</span>}</NavLink>
        <NavLink to={`${base}/loop`}>Loop {overview.loop?.waiting && <span>1</span>}</NavLink>
        <NavLink to={`${base}/settings`}>Settings</NavLink>
      </nav>
    </header>
  );
}

function OpenAlerts({ deployment, n }: { deployment: string; n: number }) {
  const alerts = useGet("/alerts", { deployment, state: "open" }, { every: 5000 });
  return (
    <Link to="/alerts">
      <Chip tone="bad" dot title={alerts.data?.items.map((alert) => alert.sentence).join("\n")}>
        {plural(n, "open alert")}
      </Chip>
    </Link>
  );
}

function VersionLink({ version }: { version: DeploymentOverview["deployment"]["champion"] }) {
  if (!version) return <span className={dim}>none</span>;
  return (
    <Link className={css.link} to={`/models/${version.model_name}/${version.number}`} title={`artifact ${version.artifact}`}>
      {version.title}
    </Link>
  );
}
