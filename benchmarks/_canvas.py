"""How the review's canvas keeps up with a hand on the mouse: frames and the main thread's own time, with a thousand shapes on a large image."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from relens.testing.images import make_jpeg
from tests.server_process import Server

SIZE = (1920, 1080)
LABELS = ("red", "green", "blue")
SHOWN = "[data-shown=shown]"
FRAMES = 180
"""Three seconds of a screen that shows sixty a second."""

# A hand moves twice between two frames. The events are the page's own, since a browser that is steered from outside gets them too slowly.
_HAND = """([what, x, y, frames]) => new Promise(done => {
  const canvas = document.querySelector("canvas"), seen = [];
  const at = step => {
    const turn = 2 * Math.PI * step / 90;
    return { clientX: x + 120 * Math.sin(turn), clientY: y + 60 * (1 - Math.cos(turn)), bubbles: true, cancelable: true };
  };
  const event = step => what === "wheel"
    ? new WheelEvent("wheel", { ...at(0), deltaY: step < frames ? -12 : 12 })
    : new PointerEvent("pointermove", { ...at(step), pointerId: 1, pointerType: "mouse", buttons: 1 });
  let before = null, step = 0;
  const next = now => {
    if (before !== null) seen.push(now - before);
    before = now;
    if (step >= 2 * frames) return done(seen);
    canvas.dispatchEvent(event(step++));
    canvas.dispatchEvent(event(step++));
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
# From the press until the next image and its shapes are painted: the page says so in the frame in which it paints.
_DECIDED = """() => {
  const before = document.querySelector("[data-shown]");
  window.decided = new Promise(done => addEventListener("keydown", () => {
    const begun = performance.now();
    const look = () => {
      const now = document.querySelector("[data-shown=shown]");
      if (!now || now === before) return requestAnimationFrame(look);
      requestAnimationFrame(() => done(performance.now() - begun));
    };
    look();
  }, { capture: true, once: true }));
}"""


@dataclass(frozen=True)
class Frames:
    """Milliseconds: of a frame (median, 95th of a hundred), and what the main thread worked for each, of that in scripts."""

    frame: float
    slow: float
    thread: float
    script: float


def shapes(count: int, chance: Random) -> Iterator[dict[str, Any]]:
    for _ in range(count):
        x, y = chance.uniform(0, SIZE[0] - 90), chance.uniform(0, SIZE[1] - 70)
        box = [round(side, 1) for side in (x, y, x + chance.uniform(8, 80), y + chance.uniform(8, 60))]
        yield {"label": chance.choice(LABELS), "confidence": round(chance.uniform(0.31, 1), 3), "box": box}


def fill(server: Server, deployment: str, images: int, count: int) -> None:
    """So many large images with so many shapes each, as a line's own machine would send them."""
    chance = Random(7)
    for n in range(images):
        said = {"client_id": f"large-{n}", "file": "image", "detections": list(shapes(count, chance))}
        form = {"predictions": json.dumps({"items": [said]})}
        files = {"image": ("image", make_jpeg(size=SIZE, seed=1000 + n, noise=40))}
        server.http.post(f"/api/v1/deployments/{deployment}/predictions", data=form, files=files).raise_for_status()


@contextmanager
def reviewing(browser: Browser, url: str, deployment: str) -> Iterator[Page]:
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"/deployments/{deployment}/review")
    page.locator(SHOWN).wait_for()
    yield page
    context.close()


def gestures(page: Page) -> dict[str, Frames]:
    """What a hand does on the canvas of the image in hand, each for `FRAMES` frames."""
    place = page.locator("canvas").bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    session = page.context.new_cdp_session(page)
    # Time of the thread, not of the clock: other work on the machine is not counted.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def watch(what: str) -> Frames:
        before = _spent(session)
        frames: list[float] = page.evaluate(_HAND, [what, x, y, FRAMES])
        after = _spent(session)
        spent = (1000 * (after[which] - before[which]) / len(frames) for which in ("TaskDuration", "ScriptDuration"))
        return Frames(*(round(ms, 2) for ms in (median(frames), quantiles(frames, n=20)[-1], *spent)))

    page.mouse.move(x, y)
    found = {"hover": watch("move"), "zoom": watch("wheel")}
    with held(page, "Alt"):
        found["pan"] = watch("move")
    page.keyboard.press("f")
    page.keyboard.press("Shift+Tab")  # the lowest box, selected and in the middle
    with held(page):
        found["drag"] = watch("move")
    assert page.get_by_role("button", name="Save correction").is_visible(), "the drag moved no box"
    return found


@contextmanager
def held(page: Page, *keys: str) -> Iterator[None]:
    """The mouse's button is down meanwhile."""
    for key in keys:
        page.keyboard.down(key)
    page.mouse.down()
    yield
    page.mouse.up()
    for key in keys:
        page.keyboard.up(key)


def _spent(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def decisions(page: Page, count: int) -> list[float]:
    """Milliseconds from Enter until the next image is painted."""
    took = []
    for _ in range(count):
        page.wait_for_timeout(300)  # the quickest of people looks for that long
        page.evaluate(_DECIDED)
        page.keyboard.press("Enter")
        took.append(float(page.evaluate("window.decided")))
    return took
