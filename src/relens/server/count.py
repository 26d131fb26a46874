"""Counts requests by route and status, and says in the answer which trace it belongs to."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relens.infra.telemetry import REQUESTS
from relens.kit.trace import response_of, trace_of

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Count:
    """Stands before everything else, so that refused requests are counted as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 500
        trace = trace_of(Headers(scope=scope).getlist("traceparent"))

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if trace is not None:
                    part = response_of(trace).encode()
                    message["headers"] = [*message.get("headers", ()), (b"traceresponse", part)]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUESTS.labels(method, _route(scope), str(status)).inc()


def _route(scope: Scope) -> str:
    """The address as it is written in the code, with its placeholders."""
    route = scope.get("route")
    return str(getattr(route, "path", None) or "none")
