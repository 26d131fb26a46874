"""The ASGI app: mounts the rooms' routes, the web pages, and the door everyone comes through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from relens import __version__
from relens.access.asking import Door
from relens.infra.web import Parts
from relens.kit.errors import RelensError
from relens.server import health, problems

PAGES = Path(__file__).parent / "static"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(routers: Sequence[APIRouter], parts: Parts, lifespan: Lifespan) -> FastAPI:
    """The app that answers everything; `parts` are what the routes ask for by type."""
    app = FastAPI(
        title="Relens",
        version=__version__,
        description="The feedback loop for deployed vision models.",
        openapi_url="/api/v1/openapi.json",
        docs_url="/api/v1/docs",
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.add_exception_handler(RelensError, problems.on_named_error)
    app.add_exception_handler(RequestValidationError, problems.on_invalid_request)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    app.add_exception_handler(Exception, problems.on_unexpected)
    for router in (*routers, health.numbers_router):
        app.include_router(router, dependencies=[Depends(_at_the_door)])
    app.include_router(health.router)
    app.add_api_route("/{path:path}", _page, methods=["GET"], include_in_schema=False)
    return app


async def _at_the_door(request: Request) -> None:
    """Nobody passes without a name, except to ask whether the server lives."""
    door: Door = request.app.state.parts.get(Door)
    known = door.known(request)
    request.state.actor = known if known is not None else await run_in_threadpool(door.identify, request)


def _page(path: str) -> Response:
    """A file of the web app, or its one page for every address inside it."""
    if path.startswith("api/"):
        raise HTTPException(404)
    wanted = (PAGES / path).resolve()
    if path and wanted.is_relative_to(PAGES.resolve()) and wanted.is_file():
        kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(wanted, headers={"Cache-Control": kept})
    index = PAGES / "index.html"
    if not index.is_file():
        return PlainTextResponse("The web pages are not built: run `make web`. The API is at /api/v1/docs.", 404)
    return FileResponse(index, headers={"Cache-Control": "no-cache"})
