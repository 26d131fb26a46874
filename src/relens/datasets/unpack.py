"""Unpacks an uploaded zip into a folder and nowhere else: names that leave it, links and bombs are not followed."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relens.datasets.found import Problem
from relens.datasets.item import BadItem, safe_name
from relens.kit.errors import Invalid, StorageFull, TooLarge

_CHUNK = 1 << 20
_SPARE = 256 << 20


class NotAZip(Invalid):
    """The upload is no zip archive, or a damaged one."""


class TooMuchInside(TooLarge):
    """More files or bytes than a dataset may have; a small archive can hold endless zeros."""


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """`ratio`: unpacked bytes for each packed one, judged on the whole (images hardly pack at all)."""

    files: int = 1_000_000
    bytes: int = 200 << 30
    ratio: float = 200.0


def unpack(
    archive: Path, folder: Path, progress: Callable[[int, int], None], limits: UnpackLimits = UnpackLimits()
) -> list[Problem]:
    """Writes the archive's files below `folder`, which is emptied first; entries that may not be written are problems.

    Raises NotAZip, TooMuchInside or StorageFull.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            return _unpack_all(packed, archive.stat().st_size, folder, progress, limits)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise NotAZip(f"this is no zip archive that can be read: {error}") from error
    except OSError as error:
        if error.errno is not None and "space" in str(error).lower():
            raise StorageFull("there is no room to unpack the archive: free some space and send it again") from error
        raise


def _unpack_all(
    packed: zipfile.ZipFile, size: int, folder: Path, progress: Callable[[int, int], None], limits: UnpackLimits
) -> list[Problem]:
    entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    if len(entries) > limits.files:
        raise TooMuchInside(f"the archive holds {len(entries)} files, at most {limits.files} are taken")
    allowed = min(limits.bytes, int(max(size, 1 << 16) * limits.ratio), shutil.disk_usage(folder).free - _SPARE)
    if sum(entry.file_size for entry in entries) > allowed:
        raise _too_much(allowed)
    problems: list[Problem] = []
    used = 0
    for number, entry in enumerate(entries):
        progress(number, len(entries))
        used += _unpack_one(packed, entry, folder, allowed - used, problems)
    return problems


def _unpack_one(
    packed: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, allowed: int, problems: list[Problem]
) -> int:
    name = entry.filename
    try:
        target = folder / safe_name(name)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadItem("this is a link, and links are not followed")
        if entry.flag_bits & 0x1:
            raise BadItem("this file is encrypted")
        target.parent.mkdir(parents=True, exist_ok=True)
        return _write_one(packed, entry, target, allowed)
    except FileExistsError:
        problems.append(Problem(None, name[:300], "the archive holds this name twice"))
    except (BadItem, zipfile.BadZipFile, NotImplementedError, NotADirectoryError, IsADirectoryError) as error:
        problems.append(Problem(None, name[:300], str(error)))
    return 0


def _write_one(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, allowed: int) -> int:
    """What is damaged leaves no half a file behind, which might pass for a whole one."""
    with packed.open(entry) as source, target.open("xb") as file:
        try:
            return _copy(source.read, file.write, allowed)
        except (zlib.error, zipfile.BadZipFile, EOFError) as error:
            target.unlink()
            raise BadItem(f"this file is damaged in the archive: {error}") from error


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], int], allowed: int) -> int:
    """Counts what really comes: sizes in the archive's directory can lie."""
    copied = 0
    while chunk := read(_CHUNK):
        copied += len(chunk)
        if copied > allowed:
            raise _too_much(allowed)
        write(chunk)
    return copied


def _too_much(allowed: int) -> TooMuchInside:
    return TooMuchInside(f"the archive unpacks to more than the {allowed / 2**20:.0f} MiB that are allowed for it here")
