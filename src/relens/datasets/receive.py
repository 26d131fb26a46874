"""Receives an uploaded archive: it may be larger than memory."""

from __future__ import annotations

from fastapi import Request

from relens.datasets.bring_in import Importing
from relens.infra.receive import receive_file
from relens.kit.ids import new_id

LARGEST = 100 << 30


async def receive(request: Request, importing: Importing) -> str:
    """The name of the upload whose `upload.zip` holds the whole body. Leaves nothing behind when it fails.

    Raises BadUpload for an empty or broken one, TooLarge, StorageFull.
    """
    upload = new_id()
    await receive_file(request, importing.spool(upload) / "upload.zip", LARGEST)
    return upload
