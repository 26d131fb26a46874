/* An address that no page has: what was asked for, what may have been meant, and where one can go. */
import { Link, useLocation } from "react-router";
import { LinkButton } from "../design/controls";
import { useTitle } from "../design/page";
import css from "./notfound.module.css";
import { meant } from "./meant";

export function NotFound() {
  const { pathname } = useLocation();
  const guess = meant(pathname);
  useTitle("Nothing here");
  return (
    <main className={css.nothing} id="main">
      <svg viewBox="0 0 260 56" width="260" height="56" fill="none" aria-hidden="true">
        <path d="M12 16h68m100 0h68M248 16v18a10 10 0 0 1-10 10H22a10 10 0 0 1-10-10V16" className={css.line} />
        <circle cx="12" cy="16" r="6" className={css.station} />
        <circle cx="80" cy="16" r="6" className={css.station} />
        <circle cx="130" cy="16" r="7" className={css.missing} />
        <circle cx="180" cy="16" r="6" className={css.station} />
        <circle cx="248" cy="16" r="6" className={css.station} />
      </svg>
      <h1>Nothing here</h1>
      <p>
        No page of this server has the address <code>{pathname}</code>.
        {guess && (
          <>
            {" "}
            Did you mean{" "}
            <Link to={guess}>
              <code>{guess}</code>
            </Link>
            ?
          </>
        )}
      </p>
      <div className={css.ways}>
        <LinkButton look="primary" to="/">
          Go to deployments
        </LinkButton>
        <LinkButton to="/models">Models</LinkButton>
        <LinkButton to="/datasets">Datasets</LinkButton>
      </div>
    </main>
  );
}
