"""Exports a dataset version as a zip that is written while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from typing import Any

from relens.datasets.formats import Entry

# Archives of the same version are the same bytes: no time of writing in them.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class _Outgoing(RawIOBase):
    """A file that cannot go back; what was written is taken away in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def zip_stream(entries: Iterable[Entry], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """The archive, file by file; `read(asset)` gives an image's bytes. Images are stored as they are, text is packed."""
    out = _Outgoing()
    with zipfile.ZipFile(out, "w") as archive:
        for entry in entries:
            data = entry.data if entry.data is not None else read(entry.asset or "")
            info = zipfile.ZipInfo(entry.path, _LONG_AGO)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED if entry.data is not None else zipfile.ZIP_STORED)
            yield out.take()
    yield out.take()
