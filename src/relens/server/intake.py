"""What every body must be before a room sees it: from somebody who may talk to this server, bounded, and where it is JSON, JSON that can be kept.

A few addresses take more than a form's worth; they read piece by piece and judge for themselves. Everything else is read here, checked
and handed on, so that no room needs to think of endless bodies, deep nesting, NaN, NUL or halves of characters.
"""

from __future__ import annotations

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relens.access.asking import Door
from relens.inference.graph import MOST_BYTES
from relens.infra.upload import BodyTooLarge, counted
from relens.kit.errors import Invalid, RelensError
from relens.kit.strict_json import check_text, read_json
from relens.server.held import Held, Share
from relens.server.problems import on_named_error, problem

MOST = 16 << 20
_BIG_JSON = 100_000
LARGER: dict[str, int | None] = {
    "/api/v1/deployments/{deployment}/predict": None,
    "/api/v1/deployments/{deployment}/try": None,
    "/api/v1/models/{model}/versions/{version}/try": None,
    "/v2/models/{deployment}/infer": None,
    "/v2/models/{deployment}/versions/{version}/infer": None,
    "/api/v1/deployments/{deployment}/predictions": None,
    "/api/v1/deployments/{deployment}/predictions/check": None,
    "/api/v1/deployments/{deployment}/batches": None,
    "/api/v1/datasets/{name}/import": None,
    "/api/v1/assets": None,
    # A file and its checkpoint.
    "/api/v1/models/{name}/versions": 3 * MOST_BYTES,
}
"""By the address as its route writes it, for POST: how many bytes, None where the room has its own limit."""
SPOOLED = ("/batches", "/import", "/versions")
"""What ends so goes to the disk as it comes; everything else is held in memory."""
_LARGER = tuple((compile_path(address)[0], limit, address.endswith(SPOOLED)) for address, limit in LARGER.items())


class Encoded(Invalid):
    """A compressed body: a few bytes of it could become any number."""


class Intake:
    """Stands before the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held = Held()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        with self._held.share() as share:
            return await self._let_in(scope, receive, send, share)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, share: Share) -> None:
        try:
            receive = await _checked(scope, receive, share)
        except Encoded as error:
            answer = problem(scope["path"], 415, type(error).__name__, str(error))
            return await answer(scope, receive, send)
        except RelensError as error:
            answer = await on_named_error(Request(scope), error)
            return await answer(scope, receive, send)
        return await self._app(scope, receive, send)


async def _checked(scope: Scope, receive: Receive, share: Share) -> Receive:
    if b"%00" in scope.get("raw_path", b"") or b"%00" in scope["query_string"]:
        check_text("\0", "the address")
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Encoded("send the body as it is: compressed ones are not taken")
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return receive
    door: Door = scope["app"].state.parts.get(Door)
    door.check(Request(scope))
    if scope["method"] == "POST":
        for address, most, spooled in _LARGER:
            if address.match(scope["path"]):
                receive = receive if spooled else share.counting(receive)
                return receive if most is None else _bounded(receive, most)
    body = await _whole(share.counting(receive), headers.get("content-length", ""))
    if body is None:
        return receive
    if body and "json" in headers.get("content-type", "json"):
        await run_in_threadpool(read_json, body) if len(body) > _BIG_JSON else read_json(body)
    return _again(body, receive)


async def _whole(receive: Receive, declared: str) -> bytes | None:
    """The body; None when the client went away before its end."""
    if declared.isdigit() and int(declared[:20]) > MOST:
        raise _too_large(MOST)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MOST:
            raise _too_large(MOST)
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body once more, then whatever comes after it (that the client has gone)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _bounded(receive: Receive, most: int) -> Receive:
    # Whatever else is raised while it reads a form, the framework calls a bad request.
    return counted(receive, most, lambda: HTTPException(413, str(_too_large(most))))


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit >> 20} MiB, the most that is taken at this address")
