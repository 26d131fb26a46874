"""Receives an upload into a file, piece by piece: it may be larger than memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from relens.infra.upload import BadUpload
from relens.kit import disk
from relens.kit.errors import TooLarge

_PIECE = 1 << 20


async def receive_file(request: Request, path: Path, largest: int, field: str = "file") -> dict[str, list[str]]:
    """Writes the body, or the form's file `field`, to `path` in a folder of its own, which goes again when this fails.

    Returns the fields beside it: of the query, and of the form. Raises BadUpload for an empty or broken one, TooLarge, StorageFull.
    """
    fields = {name: request.query_params.getlist(name) for name in request.query_params}
    try:
        path.parent.mkdir(parents=True)
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            await _from_form(request, path, largest, field, fields)
        else:
            await _from_body(request, path, largest)
        if not path.stat().st_size:
            raise BadUpload("the upload is empty")
    except BaseException as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        if isinstance(error, ClientDisconnect):
            raise BadUpload("the connection closed before the whole upload had arrived") from error
        refused = disk.refusal(error, "the server's home folder")
        if refused is not None:
            raise refused from error
        raise
    return fields


async def _from_body(request: Request, path: Path, largest: int) -> None:
    with path.open("wb") as file:
        size, waiting = 0, bytearray()
        async for chunk in request.stream():
            waiting += chunk
            size += len(chunk)
            if size > largest:
                raise _too_large(largest)
            if len(waiting) >= _PIECE:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(file.write, bytes(waiting))


async def _from_form(request: Request, path: Path, largest: int, field: str, fields: dict[str, list[str]]) -> None:
    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared[:20]) > largest:
        raise _too_large(largest)
    try:
        form = await request.form(max_files=1, max_fields=32)
    except MultiPartException as error:
        raise BadUpload(f"the multipart form cannot be read: send one file as '{field}'") from error
    try:
        found: Any = form.get(field)
        if not isinstance(found, UploadFile):
            raise BadUpload(f"the form has no file '{field}': send it there, or as the raw body")
        with path.open("wb") as file:
            await run_in_threadpool(shutil.copyfileobj, found.file, file, _PIECE)
        for name, value in form.multi_items():
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
    finally:
        await form.close()


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"the upload is larger than {largest >> 30} GiB, or a form without its length: send it in parts")
