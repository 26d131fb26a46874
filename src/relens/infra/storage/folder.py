"""Storage in a local folder: write beside, sync when asked, rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

from relens.infra.files_in import files_in
from relens.infra.storage._port import NoBytes, Room
from relens.kit import disk
from relens.kit.errors import Invalid
from relens.kit.ids import new_id


class Folder:
    """Keys are paths below `root`; what is being written lies in `root/.writing` and never under its key.

    While `root/.leaving` is there, what is deleted goes there: also for other servers on the same folder, and after a crash.
    """

    def __init__(self, root: Path, sync: bool = False) -> None:
        self._root = root
        self._base = str(root.absolute())
        self._sync = sync
        self._writing = root / ".writing"
        self._leaving = root / ".leaving"
        self._writing.mkdir(parents=True, exist_ok=True)
        for left_over in self._writing.iterdir():
            if left_over.is_dir():
                shutil.rmtree(left_over, ignore_errors=True)
            else:
                left_over.unlink(missing_ok=True)

    def put(self, key: str, data: bytes) -> None:
        # Every image comes through here before it is answered: texts, because `Path` takes longer than the file.
        target, beside = self._written(key), f"{self._writing}/{new_id()}"
        try:
            with open(beside, "wb", buffering=0) as file:
                left = memoryview(data)
                while left := left[file.write(left) :]:
                    pass
                if self._sync:
                    os.fsync(file.fileno())
            self._move(beside, target)
            if self._sync:
                _sync_folder(Path(target).parent)
        except OSError as error:
            with suppress(OSError):
                os.unlink(beside)
            refused = disk.refusal(error, str(self._root))
            if refused is None:
                raise
            raise refused from error

    def _move(self, beside: str, target: str) -> None:
        try:
            os.replace(beside, target)
        except FileNotFoundError:
            self._make(Path(target).parent)
            os.replace(beside, target)

    def get(self, key: str) -> bytes:
        try:
            return self._place(key).read_bytes()
        except FileNotFoundError as error:
            raise NoBytes(f"nothing is kept under '{key}'") from error

    def exists(self, key: str) -> bool:
        return os.path.isfile(self._written(key))

    def delete(self, key: str) -> None:
        place = self._place(key)
        # Without a folder for them, or without the file, this says so; then the file goes as it always does.
        with suppress(FileNotFoundError):
            os.replace(place, self._leaving / quote(key, safe=""))
        place.unlink(missing_ok=True)

    def hold(self) -> None:
        self._leaving.mkdir(exist_ok=True)

    def release(self) -> None:
        # First under another name: what is deleted from now on does not stay any more.
        gone = self._writing / new_id()
        with suppress(FileNotFoundError):
            os.replace(self._leaving, gone)
        shutil.rmtree(gone, ignore_errors=True)

    def everything(self) -> Iterator[tuple[str, Path]]:
        for path in files_in(self._root, frozenset({self._writing, self._leaving})):
            yield path.relative_to(self._root).as_posix(), path
        for path in files_in(self._leaving):
            yield unquote(path.name), path

    def keys(self, prefix: str = "") -> Iterator[str]:
        start = self._root / prefix if not prefix or prefix.endswith("/") else (self._root / prefix).parent
        for found in sorted(start.rglob("*")):
            key = found.relative_to(self._root).as_posix()
            if found.is_file() and key.startswith(prefix) and not key.startswith((".writing/", ".leaving/")):
                yield key

    def path(self, key: str) -> Path | None:
        return self._place(key)

    def room(self) -> Room | None:
        usage = shutil.disk_usage(self._root)
        # What is reserved for the system is neither ours nor used: the disk ends where we cannot write any more.
        return Room(usage.used + usage.free, usage.free)

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self._root).free

    def _make(self, folder: Path) -> None:
        """Makes a folder and those above it; a file in a folder that a power cut forgets is forgotten with it."""
        if folder.is_dir():
            return
        if folder != self._root:
            self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        if self._sync:
            _sync_folder(folder.parent)

    def _place(self, key: str) -> Path:
        return Path(self._written(key))

    def _written(self, key: str) -> str:
        """Where it lies; nothing outside of the folder has a key."""
        if not key or key.startswith("/") or ".." in key.split("/"):
            raise Invalid(f"'{key}' is not a key")
        return f"{self._base}/{key}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


STORAGE = Folder
