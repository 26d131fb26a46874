/* The style sheet of a page that did not come is asked for again: the loader asks once, and would then draw the page without it. */
const lost = new Set<HTMLLinkElement>();

export function watchSheets(): void {
  document.addEventListener("error", ({ target }) => target instanceof HTMLLinkElement && target.rel === "stylesheet" && lost.add(target), {
    capture: true,
  });
}

/** Refuses while one is still missing. */
export async function sheetsAgain(): Promise<void> {
  await Promise.all([...lost].map(again));
}

function again(link: HTMLLinkElement): Promise<void> {
  lost.delete(link);
  return new Promise((done, fail) => {
    const next = link.cloneNode() as HTMLLinkElement;
    next.addEventListener("load", () => done());
    next.addEventListener("error", () => fail(new Error(`Unable to preload CSS for ${next.href}`)));
    link.replaceWith(next);
  });
}
