"""The ASGI app: mounts the rooms' routes, the web pages, and the door everyone comes through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from relens import __version__
from relens.access.asking import Door
from relens.infra.web import Parts
from relens.kit.errors import RelensError
from relens.server import health, openapi, pages, problems
from relens.server.count import Count
from relens.server.head import Head
from relens.server.intake import Intake
from relens.server.straight import Straight
from relens.server.unchanged import Unchanged
from relens.serving import routes as serving
from relens.serving.protocols.routes import health_router as open_inference_health

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(routers: Sequence[APIRouter], parts: Parts, lifespan: Lifespan) -> FastAPI:
    """The app that answers everything; `parts` are what the routes ask for by type."""
    app = FastAPI(
        title="Relens",
        version=__version__,
        description="The feedback loop for deployed vision models.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page is fetched from elsewhere; ours is one of the web pages
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.parts = parts
    app.add_exception_handler(RelensError, problems.on_named_error)
    app.add_exception_handler(RequestValidationError, problems.on_invalid_request)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    app.add_exception_handler(DataError, problems.on_unfit_value)
    app.add_exception_handler(Exception, problems.on_unexpected)
    for router in (*routers, health.numbers_router):
        app.include_router(router, dependencies=[Depends(_at_the_door)])
    for router in (health.router, open_inference_health):
        app.include_router(router)
    app.router.routes.insert(0, Straight(serving.PREDICT, serving.predict))
    app.add_api_route("/{path:path}", pages.page, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_middleware(Unchanged)
    app.add_middleware(Head)
    app.add_middleware(Intake)
    app.add_middleware(Count)
    described = app.openapi
    app.openapi = lambda: app.openapi_schema if app.openapi_schema else openapi.document(described())  # type: ignore[method-assign]
    return app


async def _at_the_door(request: Request) -> None:
    """Nobody passes without a name, except to ask whether the server lives."""
    door: Door = request.app.state.parts.get(Door)
    known = door.known(request)
    request.state.actor = known if known is not None else await run_in_threadpool(door.identify, request)
