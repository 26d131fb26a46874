"""Takes in what a client uploads: a raw body or a multipart form, never more than a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from relens.kit.errors import Invalid, TooLarge

_BESIDE = 1_000_000
"""What a form may hold beside its image."""


ONE_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""`openapi_extra` of a route whose body is one file as it is."""


class BadUpload(Invalid):
    """A body or form that is not what the address takes."""


class BodyTooLarge(TooLarge):
    """More bytes than this address takes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes and the other fields of a form (or of the query), each with all its values."""

    data: bytes
    fields: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        values = self.fields.get(name)
        return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class Form:
    """A text, as its bytes, and the files beside it, by their file names."""

    data: bytes
    files: dict[str, bytes]


async def form_within(request: Request, limit: int, field: str) -> Form:
    """The body as text, or a multipart form whose text stands in `field`; `limit` bytes in all."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return Form(await body_within(request, limit), {})
    try:
        form = await _form(request, limit, max_files=5000, max_fields=8, longest=limit)
    except MultiPartException as error:
        raise BadUpload(f"the multipart form cannot be read: send the JSON as field '{field}'") from error
    try:
        files = {v.filename: await v.read() for _, v in form.multi_items() if isinstance(v, UploadFile) and v.filename}
        found = form.get(field)
        text = await found.read() if isinstance(found, UploadFile) else found
    finally:
        await form.close()
    if text is None:
        raise BadUpload(f"the form has no field '{field}'")
    return Form(text.encode("utf-8", "replace") if isinstance(text, str) else text, files)


async def body_within(request: Request, limit: int) -> bytes:
    """The whole body; refuses as soon as it is known to be longer than `limit` bytes."""
    _check_declared(request, limit)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise BadUpload("the connection closed before the whole body had arrived") from error
    return b"".join(chunks)


async def upload_within(request: Request, limit: int, field: str) -> Upload:
    """An upload as a raw body (other fields in the query) or as a multipart form whose file stands in `field`."""
    fields = {name: request.query_params.getlist(name) for name in request.query_params}
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return Upload(await body_within(request, limit), fields)
    try:
        form = await _form(request, limit + _BESIDE, max_files=8, max_fields=64, longest=_BESIDE)
    except MultiPartException as error:
        raise BadUpload("the multipart form cannot be read: send the image as field 'image'") from error
    try:
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
        file = form.get(field)
        if not isinstance(file, UploadFile):
            raise BadUpload(f"the form has no file field '{field}': send the image there, or as the raw body")
        data = await file.read(limit + 1)
    finally:
        await form.close()
    if len(data) > limit:
        raise _too_large(limit)
    return Upload(data, fields)


class _InMemory(MultiPartParser):
    """For forms that become bytes in memory anyway: a full disk must not refuse what needs none."""

    spool_max_size = 0  # as large as it gets


async def _form(request: Request, limit: int, max_files: int, max_fields: int, longest: int) -> FormData:
    """A form of `limit` bytes at most, a text in it of `longest`; counted as they come: what is sent in chunks declares no length."""
    _check_declared(request, limit)
    pieces = Request(request.scope, counted(request.receive, limit, lambda: _too_large(limit))).stream()
    try:
        bounds = {"max_files": max_files, "max_fields": max_fields, "max_part_size": longest}
        return await _InMemory(request.headers, pieces, **bounds).parse()
    except ClientDisconnect as error:
        raise BadUpload("the connection closed before the whole form had arrived") from error


def counted(receive: Receive, limit: int, refusal: Callable[[], Exception]) -> Receive:
    """`receive`, raising `refusal()` as soon as more than `limit` bytes of the body have come."""
    seen = 0

    async def give() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise refusal()
        return message

    return give


def _check_declared(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is larger than {limit / 1048576:.0f} MiB, the limit here: send a smaller one or raise RELENS_MAX_IMAGE_BYTES"
    )
