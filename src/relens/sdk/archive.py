"""A folder as a zip file in a temporary place: images are stored, not squeezed, since they are squeezed already."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relens.kit.errors import Invalid

_CHUNK = 1 << 20
_SQUEEZED_WELL = frozenset({".json", ".jsonl", ".txt", ".xml", ".yaml", ".yml", ".csv"})


@contextmanager
def zipped(folder: Path) -> Iterator[Path]:
    """The path of a zip of everything in `folder` (hidden files left out), which is gone afterwards.

    A file is read a piece at a time: the folder may be larger than memory.
    """
    if not folder.is_dir():
        raise Invalid(
            f"{folder} is not a folder: give one with annotations.json and images/, or with one folder per label"
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    if not files:
        raise Invalid(f"the folder {folder} is empty")
    with tempfile.TemporaryDirectory(prefix="relens-") as place:
        archive = Path(place) / "folder.zip"
        # Files without a date count from 1970; a zip begins in 1980.
        with zipfile.ZipFile(archive, "w", allowZip64=True, strict_timestamps=False) as zip_file:
            for path in files:
                _put(zip_file, path, path.relative_to(folder).as_posix())
        yield archive


def _put(zip_file: zipfile.ZipFile, path: Path, name: str) -> None:
    method = zipfile.ZIP_DEFLATED if path.suffix.lower() in _SQUEEZED_WELL else zipfile.ZIP_STORED
    try:
        zip_file.write(path, name, compress_type=method)
    except UnicodeEncodeError as error:
        raise Invalid(f"the name of {name!r} cannot be written as UTF-8: rename the file") from error
    except FileNotFoundError as error:
        raise Invalid(f"{path} has gone while the folder was read: try again") from error
    except PermissionError as error:
        raise Invalid(f"{path} may not be read: make it readable, or take it out of the folder") from error


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)
