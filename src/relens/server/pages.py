"""The web app: its files, and its one page for every address inside it."""

from __future__ import annotations

from pathlib import Path

from fastapi import HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Match

PAGES = Path(__file__).parent / "static"
_MOST = 1000
_BASE = '<base href="/" />'


def is_page(path: str) -> bool:
    """Whether an address belongs to the web app and not to a program's door."""
    return not path.lstrip("/").startswith(("api/", "v2/"))


def page(path: str, request: Request) -> Response:
    """A file of the web app, or its one page."""
    if not is_page(path):
        allowed = _answered(request)
        raise HTTPException(405, headers={"Allow": ", ".join(allowed)}) if allowed else HTTPException(404)
    # The file system refuses these two with errors of its own.
    if "\0" in path or len(path.encode()) > _MOST:
        raise HTTPException(404)
    wanted = (PAGES / path).resolve()
    if path and wanted.is_relative_to(PAGES.resolve()) and wanted.is_file():
        kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(wanted, headers={"Cache-Control": kept})
    if path.startswith("assets/"):  # of an older build: never the page, which would be run as a script
        raise HTTPException(404)
    index = PAGES / "index.html"
    if not index.is_file():
        return PlainTextResponse(
            "The web pages are not built: run `make web`. The API describes itself at /api/v1/openapi.json.", 404
        )
    text = index.read_text(encoding="utf-8").replace(_BASE, f'<base href="{_way_back(request)}" />', 1)
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


def _way_back(request: Request) -> str:
    """From the page that was asked for to where this server begins. Relative, since a proxy may have taken a prefix away that only
    the browser knows; by the path as it was sent, since a name may hold a slash that was written as %2F."""
    sent: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (sent.partition(b"?")[0].count(b"/") - 1) or "./"


def _answered(request: Request) -> list[str]:
    """The methods with which somebody does answer at this address; everything comes here that nobody took as it was asked."""
    routes = [route for route in request.app.routes if getattr(route, "endpoint", None) is not page]
    found = []
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        scope = {"type": "http", "method": method, "path": request.scope["path"], "root_path": "", "headers": []}
        if any(route.matches(scope)[0] is Match.FULL for route in routes):
            found.append(method)
    return found
