"""What this machine keeps of its deployment, so that it can start and answer without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.inference.manifest import Manifest
from relens.kit.errors import Conflict, Invalid
from relens.kit.ids import content_id


class DamagedDownload(Conflict):
    """The bytes that arrived are not the version's."""


class BadCache(Invalid):
    """The folder for what is kept cannot be used."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the server wants of this machine: which champion answers from which confidence on."""

    deployment: str
    threshold: float
    revision: int
    version_id: str
    title: str
    artifact: str


class Cache:
    """One folder: what was wanted last, and the files of the versions. Every file is whole or not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            (folder / "versions").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadCache(f"the folder {folder} cannot be used ({error.strerror}): choose another --home") from error

    def last(self) -> Wanted | None:
        """What answered here last, if its files are still here."""
        written = self._read(self.folder / "wanted.json")
        try:
            wanted = Wanted(**written) if written else None
        except TypeError:
            return None
        return wanted if wanted is not None and self.has(wanted) else None

    def remember(self, wanted: Wanted) -> None:
        """What answers here from now on; the versions before the last are let go."""
        before = self.last()
        plain = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
        _write(self.folder / "wanted.json", json.dumps(plain).encode())
        keep = {one.version_id for one in (wanted, before) if one is not None}
        for file in (self.folder / "versions").iterdir():
            if file.name.split(".")[0] not in keep:
                file.unlink(missing_ok=True)

    def has(self, wanted: Wanted) -> bool:
        return self._model(wanted).exists() and self._manifest(wanted).exists()

    def keep(self, wanted: Wanted, onnx: bytes, manifest: Mapping[str, Any]) -> None:
        """Raises DamagedDownload when the bytes are not those the version is named by."""
        if content_id(onnx) != wanted.artifact:
            raise DamagedDownload(f"the file of {wanted.title} did not arrive whole: it is asked for again")
        _write(self._model(wanted), onnx)
        _write(self._manifest(wanted), json.dumps(dict(manifest)).encode())

    def model(self, wanted: Wanted) -> tuple[Path, Manifest]:
        """The file and how to read its answers. Raises DamagedDownload when either is broken; they are then gone."""
        path = self._model(wanted)
        try:
            if content_id(path.read_bytes()) != wanted.artifact:
                raise ValueError("other bytes")
            return path, Manifest.from_json(self._read(self._manifest(wanted)) or {})
        except (OSError, ValueError, KeyError, TypeError) as error:
            path.unlink(missing_ok=True)
            raise DamagedDownload(f"the kept file of {wanted.title} is damaged: it is asked for again") from error

    def _model(self, wanted: Wanted) -> Path:
        return self.folder / "versions" / f"{wanted.version_id}.onnx"

    def _manifest(self, wanted: Wanted) -> Path:
        return self.folder / "versions" / f"{wanted.version_id}.json"

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            read = json.loads(path.read_text())
        except (OSError, ValueError):
            return None
        return read if isinstance(read, dict) else None


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
