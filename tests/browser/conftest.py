"""A real Chromium in front of a real server; without one of them the browser tests say what is missing and are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from relens.server.pages import PAGES
from tests.browser.chromium import chromium
from tests.browser.world import Walker
from tests.server_process import Server, running


def _chromium(playwright: Playwright) -> str:
    found = chromium()
    own = playwright.chromium.executable_path
    if found is None and Path(own).exists():
        found = own
    if found is None:
        pytest.skip("no Chromium found: install one, run `playwright install chromium`, or set RELENS_TEST_CHROMIUM")
    return found


# Of a module and not of the session: while it runs, asyncio has a loop in this thread, and other tests want one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not (PAGES / "index.html").is_file():
        pytest.skip("the web pages are not built: run `make web`")
    with sync_playwright() as playwright:
        camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
        started = playwright.chromium.launch(executable_path=_chromium(playwright), args=["--no-sandbox", *camera])
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        yield started


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh page at 1440 × 900. An error that a page throws fails the test that saw it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server.url)
    context.set_default_timeout(15_000)
    expect.set_options(timeout=15_000)
    opened = context.new_page()
    thrown: list[str] = []
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    context.close()
    assert not thrown, thrown


@pytest.fixture
def walker(page: Page, server: Server) -> Walker:
    return Walker(page, server)
