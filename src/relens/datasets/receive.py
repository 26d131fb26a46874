"""Receives an uploaded archive into a file, piece by piece: it may be larger than memory."""

from __future__ import annotations

import errno
import shutil

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from relens.datasets.bring_in import Importing
from relens.infra.upload import BadUpload
from relens.kit.errors import StorageFull, TooLarge
from relens.kit.ids import new_id

LARGEST = 100 << 30
_PIECE = 1 << 20


async def receive(request: Request, importing: Importing) -> str:
    """The name of the upload whose `upload.zip` holds the whole body. Leaves nothing behind when it fails.

    Raises BadUpload for an empty or broken one, TooLarge, StorageFull.
    """
    upload = new_id()
    folder = importing.spool(upload)
    folder.mkdir(parents=True)
    try:
        with (folder / "upload.zip").open("wb") as file:
            size, waiting = 0, bytearray()
            async for chunk in request.stream():
                waiting += chunk
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge(f"the archive is larger than {LARGEST >> 30} GiB: import it in parts")
                if len(waiting) >= _PIECE:
                    await run_in_threadpool(file.write, bytes(waiting))
                    waiting.clear()
            await run_in_threadpool(file.write, bytes(waiting))
        if not size:
            raise BadUpload("the body is empty: send the dataset as a zip")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, ClientDisconnect):
            raise BadUpload("the connection closed before the whole archive had arrived") from error
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("there is no room for the archive: free some space and send it again") from error
        raise
    return upload
