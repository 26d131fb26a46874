"""The one address that is asked all day, past what the framework does for every route: it would take as long as the rest of an image's way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

Answer = Callable[[str, Request], Awaitable[Response]]


class Straight(BaseRoute):
    """POST at `path`, whose one placeholder `answer` gets with the request. Who asks was asked before (see `intake`).

    The framework's own route stands behind it and describes it; every other method goes there.
    """

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self._pattern, _, placeholders = compile_path(path)
        (self._name,) = placeholders
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "POST":
            return Match.NONE, {}
        found = self._pattern.match(get_route_path(scope))
        return (Match.FULL, {"route": self, "path_params": found.groupdict()}) if found else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope["path_params"][self._name], Request(scope, receive, send))
        await response(scope, receive, send)
