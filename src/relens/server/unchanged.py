"""Every JSON answer to GET says by an ETag which it is; who has it already is told 304 and sent nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ROOT = "/api/"


class Unchanged:
    """Middleware. A tag a route gave itself (of a verdict, of an artifact) stays; answers that come in pieces have none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_ROOT):
            await self._app(scope, receive, send)
            return
        known = _seen(scope)
        start: Message | None = None

        async def tag(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _fit(message):
                start = message
                return
            if start is not None:
                begun, start = start, None
                if not message.get("more_body", False):
                    begun, message = _tagged(begun, message, known)
                await send(begun)
            await send(message)

        await self._app(scope, receive, tag)


def _fit(start: Message) -> bool:
    headers = dict(start["headers"])
    return start["status"] == 200 and b"etag" not in headers and b"json" in headers.get(b"content-type", b"")


def _tagged(start: Message, body: Message, known: set[str]) -> tuple[Message, Message]:
    etag = f'W/"{blake2b(body.get("body", b""), digest_size=12).hexdigest()}"'
    headers: list[tuple[bytes, bytes]] = [*start["headers"], (b"etag", etag.encode())]
    if not known & {"*", etag.removeprefix("W/")}:
        return {**start, "headers": headers}, body
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"content-type")]
    return {**start, "status": 304, "headers": kept}, {**body, "body": b""}


def _seen(scope: Scope) -> set[str]:
    """The tags the client has, compared weakly as RFC 9110 (13.1.2) asks for."""
    said: list[Any] = [value for name, value in scope["headers"] if name == b"if-none-match"]
    return {one.strip().removeprefix("W/") for value in said for one in value.decode("latin-1").split(",")}
