"""The one table from error class to HTTP status, and problem documents (RFC 9457).

Under /v2, where the Open Inference Protocol is spoken, an error has that protocol's shape: {"error": sentence}.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from relens.kit import disk, errors
from relens.kit.problem import address, title
from relens.server.pages import is_page, page

logger = logging.getLogger("relens.server")

# The first match counts: a class stands before those it derives from.
STATUS: tuple[tuple[type[errors.RelensError], int], ...] = (
    (errors.TooLarge, 413),
    (errors.StorageFull, 507),
    (errors.Unavailable, 503),
    (errors.NotKnown, 401),
    (errors.NotAllowed, 403),
    (errors.Gone, 410),
    (errors.NotFound, 404),
    (errors.Outdated, 412),
    (errors.Conflict, 409),
    (errors.MissingPackage, 409),
    (errors.Invalid, 422),
)


def status_of(error: errors.RelensError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def problem(
    path: str, status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **facts: Any
) -> JSONResponse:
    """A problem document; `kind` is the error's class name, `path` the address that was asked."""
    if path == "/v2" or path.startswith("/v2/"):
        return JSONResponse({"error": detail}, 400 if status == 422 else status, headers)
    body = {**facts, "type": address(kind), "title": title(kind), "status": status, "detail": detail}
    return JSONResponse(_plain(body), status, headers, media_type="application/problem+json")


def _plain(value: Any) -> Any:
    """The value as JSON can say it: NaN and infinity become words."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


async def on_named_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.RelensError)
    headers = (
        {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))} if isinstance(error, errors.Unavailable) else None
    )
    if isinstance(error, errors.NotKnown):
        headers = {"WWW-Authenticate": "Bearer"}
    return problem(request.scope["path"], status_of(error), type(error).__name__, str(error), headers, **error.facts)


async def on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"field": ".".join(str(p) for p in one["loc"][1:]), "problem": one["msg"]} for one in error.errors()]
    sentence = "; ".join(f"{one['field'] or 'body'}: {one['problem']}" for one in found[:5])
    return problem(request.scope["path"], 422, "InvalidRequest", sentence, errors=found[:50])


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path, status = request.scope["path"], error.status_code
    # The framework calls whatever goes wrong over a form a bad request, also a disk that has no room for it.
    refused = disk.refusal(error.__cause__, "the server's home folder")
    if refused is not None:
        return await on_named_error(request, refused)
    nobody_else = request.scope.get("endpoint") is page and request.method not in ("GET", "HEAD")
    if status == 405 and nobody_else and not is_page(path):
        status = 404
    said = {
        404: ("NotFound", f"there is nothing at {path}"),
        405: ("MethodNotAllowed", f"{request.method[:20]} is not answered at {path}"),
    }
    kind, detail = said.get(status, ("RequestRefused", str(error.detail)))
    return problem(path, status, kind, detail, dict(error.headers) if error.headers else None)


async def on_unfit_value(request: Request, error: Exception) -> JSONResponse:
    """A value that no column holds: too large a number, or a text with NUL where the database is PostgreSQL."""
    logger.warning("%s %s holds a value the database refuses: %s", request.method, request.scope["path"], error)
    detail = "a number or a text in it is beyond what can be kept: make it smaller, and leave out the character NUL"
    return problem(request.scope["path"], 422, "UnfitValue", detail)


async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
    path = request.scope["path"]
    logger.error("%s %s failed", request.method, path, exc_info=error)
    detail = "something went wrong in the server; its log says what. Nothing was half-written"
    return problem(path, 500, "InternalError", detail)
