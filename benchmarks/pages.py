"""How fast the web pages are in a real Chromium on loopback, and how much JavaScript the first one loads.

    python -m benchmarks.pages [--json] [--images 400] [--rounds 7]

A server of its own with one deployment and so many images. `first_ms`: from asking for the first page with an empty cache until its table is drawn;
`dashboard_ms`: the same for the dashboard until its first chart is drawn, medians of the rounds. `route_ms`: from pressing a link until the next
page's heading is drawn, the median over the pages that were seen before, and `slowest_route_ms` with the page's name; `first_visit_ms` and
`slowest_first_visit_ms` the same where nobody was before, two seconds after the first page was drawn. Somebody looks at each for
0.7 s before the next link is pressed; `routes` has both for every page. `js_kb_gzip`: every script that
the first page loads until it is drawn, squeezed as a proxy would; `js_kb_dashboard` those of the dashboard. `blocked_ms`: how long the main thread was busy while
the dashboard was drawn (long tasks), whatever else the machine was doing.

The review, with a thousand shapes on an image of 1920 × 1080: `frame_ms` is the median time between two frames while the hand hovers, zooms, pans and
drags a shape, `thread_ms_per_frame` what the main thread worked for each, in time of the thread (`canvas`: each by itself, `slow` the 95th of a hundred
frames, `script` the scripts alone). Chromium draws without a graphics card here. `next_ms`: from a decision to the next image painted, `next_large_ms`
with the large images.
"""

import argparse
import gzip
import json
import statistics
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import _canvas
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import detector
from tests.browser.chromium import chromium
from tests.server_process import Server, running

ROUTES = ("Models", "Datasets", "Training runs", "Alerts", "Jobs", "Deployments")
TABS = {
    "Predictions": "[data-query]",
    "Review": "[data-shown]",
    "Loop": "xpath=//main//h2[.='The loop']",
    "Settings": "nav[aria-label=Settings]",
    "Dashboard": "[aria-label='What the dashboard shows']",
}
READS_FOR_MS, LOOKS_FOR_MS = 2000, 700
FIRST_JS_KB, FIRST_MS, ROUTE_MS, NEXT_MS, FRAME_MS = 300, 1000, 100, 100, 1000 / 60

# A tab is there when what it alone has is drawn, another page when its heading is.
_PRESS = """([bar, name, ready]) => new Promise(done => {
  const link = [...document.querySelectorAll(`nav[aria-label=${bar}] a`)].find(a => a.textContent.startsWith(name));
  const begun = performance.now(), before = document.querySelector("h1")?.textContent;
  const there = () => {
    if (ready?.startsWith("xpath=")) return document.evaluate(ready.slice(6), document).iterateNext();
    if (ready) return document.querySelector(ready);
    const now = document.querySelector("h1")?.textContent;
    return now && now !== before;
  };
  const look = () => requestAnimationFrame(there() ? () => done(performance.now() - begun) : look);
  link.click();
  look();
})"""
# The code of other pages comes while the browser is idle: it is no part of a first load.
_NOTHING_AHEAD = "window.requestIdleCallback = () => 0"
SHAPES = 1000

_BLOCKED = """() => { window.blocked = 0; new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.blocked += task.duration;
}).observe({ type: "longtask", buffered: true }); }"""


def fill(server: Server, images: int) -> None:
    """A deployment that has answered so many images from three cameras."""
    server.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
    wish = {"name": "spotter", "model_version": "spotter/latest", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    for n in range(images):
        where = {"source": f"line-{n % 3}", "client_id": str(n)}
        picture = make_jpeg(size=(96, 64), seed=n)
        server.http.post("/api/v1/deployments/spotter/predict", content=picture, params=where).raise_for_status()


def cold(browser: Browser, url: str, place: str, ready: str) -> tuple[float, float, list[str]]:
    """(milliseconds until `ready` is drawn, milliseconds of long tasks, the scripts) in a browser that knows nothing yet."""
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(f"({_BLOCKED})()")
    page.add_init_script(_NOTHING_AHEAD)
    scripts: list[str] = []
    page.on("response", lambda answer: scripts.append(answer.url) if ".js" in answer.url else None)
    page.goto(place, wait_until="commit")
    page.locator(ready).first.wait_for()
    took = float(page.evaluate("new Promise(done => requestAnimationFrame(() => done(performance.now())))"))
    blocked = float(page.evaluate("window.blocked"))
    context.close()
    return took, blocked, scripts


def routes(browser: Browser, url: str, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds from pressing a link to what it leads to, by page: where nobody was before, and once it was seen."""
    first: dict[str, list[float]] = {}
    again: dict[str, list[float]] = {}
    for _ in range(rounds):
        for place, bar, ways in (
            ("/", "Main", dict.fromkeys(ROUTES)),
            ("/deployments/spotter", "Deployment", TABS),
        ):
            context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
            page: Page = context.new_page()
            page.goto(place)
            page.locator("h1").first.wait_for()
            page.wait_for_timeout(READS_FOR_MS)
            for took in (first, again):
                for name, ready in ways.items():
                    page.wait_for_timeout(LOOKS_FOR_MS)
                    took.setdefault(name, []).append(float(page.evaluate(_PRESS, [bar, name, ready])))
            context.close()
    return _medians(first), _medians(again)


def _medians(took: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in took.items()}


def reviewed(browser: Browser, server: Server, rounds: int) -> dict[str, object]:
    """What the review's canvas does with the hardest of images, and how soon the next one is there."""
    wish = {"name": "large", "model_version": "spotter/latest", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    _canvas.fill(server, "large", rounds + 2, SHAPES)
    with _canvas.reviewing(browser, server.url, "large") as page:
        found = _canvas.gestures(page)
        took = _canvas.decisions(page, rounds)
    with _canvas.reviewing(browser, server.url, "spotter") as page:
        small = _canvas.decisions(page, rounds)
    worst = max(found, key=lambda what: found[what].thread)
    return {
        "shapes": SHAPES,
        "canvas": {what: vars(frames) for what, frames in found.items()},
        "frame_ms": max(frames.frame for frames in found.values()),
        "thread_ms_per_frame": found[worst].thread,
        "slowest_gesture": worst,
        "next_ms": round(statistics.median(small), 1),
        "next_large_ms": round(statistics.median(took), 1),
    }


def squeezed_kb(scripts: list[str]) -> float:
    return sum(len(gzip.compress(httpx.get(url).content, 6)) for url in sorted(set(scripts))) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=7)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, running(Path(place) / "relens") as server, sync_playwright() as tool:
        fill(server, wish.images)
        browser = tool.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        first = [cold(browser, server.url, "/", "tbody tr") for _ in range(wish.rounds)]
        board = [cold(browser, server.url, "/deployments/spotter", "canvas") for _ in range(wish.rounds)]
        unseen, by_route = routes(browser, server.url, wish.rounds)
        review = reviewed(browser, server, wish.rounds)
        browser.close()
        slowest, slowest_first = (max(by, key=lambda name: by[name]) for by in (by_route, unseen))
        result = {
            "benchmark": "pages",
            "images": wish.images,
            "first_ms": round(statistics.median(took for took, _, _ in first), 1),
            "dashboard_ms": round(statistics.median(took for took, _, _ in board), 1),
            "blocked_ms": round(statistics.median(blocked for _, blocked, _ in board), 1),
            "route_ms": round(statistics.median(by_route.values()), 1),
            "slowest_route_ms": round(by_route[slowest], 1),
            "slowest_route": slowest,
            "first_visit_ms": round(statistics.median(unseen.values()), 1),
            "slowest_first_visit_ms": round(unseen[slowest_first], 1),
            "slowest_first_visit": slowest_first,
            "routes": {name: [round(unseen[name], 1), round(by_route[name], 1)] for name in unseen},
            "js_kb_gzip": round(squeezed_kb(first[0][2]), 1),
            "js_kb_dashboard": round(squeezed_kb(board[0][2]), 1),
            **review,
            "wanted": {
                "first_ms": FIRST_MS,
                "route_ms": ROUTE_MS,
                "js_kb_gzip": FIRST_JS_KB,
                "next_ms": NEXT_MS,
                "thread_ms_per_frame": round(FRAME_MS, 1),
            },
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
