/* Has the code of a page here before anybody goes there: all of it while nothing else is to be done, a link's once it is pointed at. */
import { matchRoutes, type RouteObject } from "react-router";

const LOOK_AGAIN_MS = 250;

type Load = () => Promise<unknown>;

/** `quiet`: what the open page asks for is here. Where the browser is told to save data nothing comes before it is pointed at. */
export function fetchAhead(routes: RouteObject[], basename: string, quiet: () => boolean): void {
  for (const kind of ["pointerover", "focusin"] as const) {
    document.addEventListener(kind, ({ target }) => {
      const link = target instanceof Element ? target.closest<HTMLAnchorElement>("a[href]") : null;
      if (link?.origin !== location.origin) return;
      for (const { route } of matchRoutes(routes, link.pathname, basename) ?? []) void code(route)?.().catch(ignore);
    });
  }
  if (!savesData()) inTurn(all(routes), quiet);
}

/** One after the other: a press on a link never waits behind the rest. The first that does not come ends it, since the server is away. */
function inTurn(left: Load[], quiet: () => boolean): void {
  const next = () =>
    whenIdle(() => {
      if (document.readyState !== "complete" || !quiet() || imageOnItsWay()) setTimeout(next, LOOK_AGAIN_MS);
      else left.shift()?.().then(next, ignore);
    });
  next();
}

/** An image in sight that is not here yet; those further down are asked for when they come near. */
function imageOnItsWay(): boolean {
  return [...document.images].some((image) => {
    if (image.complete) return false;
    const { top, bottom } = image.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
}

function code(route: RouteObject): Load | undefined {
  return typeof route.lazy === "function" ? route.lazy : undefined;
}

function all(routes: RouteObject[]): Load[] {
  return routes.flatMap((route) => [code(route) ?? [], all(route.children ?? [])].flat());
}

function savesData(): boolean {
  return "connection" in navigator && (navigator.connection as { saveData?: boolean }).saveData === true;
}

// Safari tells nobody when it is idle.
const whenIdle = (then: () => void) => ("requestIdleCallback" in window ? requestIdleCallback(then) : setTimeout(then, LOOK_AGAIN_MS));

/** What does not come now is asked for again, and said, when somebody goes there. */
function ignore(): void {}
