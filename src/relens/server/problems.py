"""The one table from error class to HTTP status, and problem documents (RFC 9457)."""

from __future__ import annotations

import logging
import math
import re
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from relens.kit import errors

logger = logging.getLogger("relens.server")

# The first match counts: a class stands before those it derives from.
STATUS: tuple[tuple[type[errors.RelensError], int], ...] = (
    (errors.TooLarge, 413),
    (errors.StorageFull, 507),
    (errors.Unavailable, 503),
    (errors.NotKnown, 401),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (errors.Outdated, 412),
    (errors.Conflict, 409),
    (errors.MissingPackage, 409),
    (errors.Invalid, 422),
)


def status_of(error: errors.RelensError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def _title(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def problem(status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **facts: Any) -> JSONResponse:
    """A problem document; `kind` is the error's class name."""
    slug = _title(kind).lower().replace(" ", "-")
    body = {**facts, "type": f"urn:relens:problem:{slug}", "title": _title(kind), "status": status, "detail": detail}
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


async def on_named_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.RelensError)
    headers = (
        {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))} if isinstance(error, errors.Unavailable) else None
    )
    if isinstance(error, errors.NotKnown):
        headers = {"WWW-Authenticate": "Bearer"}
    return problem(status_of(error), type(error).__name__, str(error), headers, **error.facts)


async def on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"field": ".".join(str(p) for p in one["loc"][1:]), "problem": one["msg"]} for one in error.errors()]
    sentence = "; ".join(f"{one['field'] or 'body'}: {one['problem']}" for one in found[:5])
    return problem(422, "InvalidRequest", sentence, errors=found[:50])


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = f"there is nothing at {request.url.path}" if error.status_code == 404 else str(error.detail)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, "NotFound" if error.status_code == 404 else "RequestRefused", detail, headers)


async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        500, "InternalError", "something went wrong in the server; its log says what. Nothing was half-written"
    )
