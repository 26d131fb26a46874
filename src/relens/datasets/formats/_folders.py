"""What readers share: which files count, where a dataset's top folder is, finding a named file without leaving it, and what names can be kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.datasets.item import UnknownSplit, declared
from relens.kit.errors import Invalid

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"})


LONGEST_TEXT = 32 << 20
"""Bytes: a list of half a million images, or the outlines of a hundred thousand objects."""


class TooLong(Invalid):
    """A text file that nobody wrote for one image, or for the names of a dataset."""


def hidden(path: Path) -> bool:
    """What archivers and file managers leave behind."""
    return path.name.startswith(".") or path.name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def children(folder: Path) -> list[Path]:
    """What lies in the folder, by name, without hidden things."""
    return sorted((path for path in folder.iterdir() if not hidden(path)), key=lambda path: path.name)


def files_below(folder: Path) -> Iterator[Path]:
    for path in children(folder):
        if path.is_dir():
            yield from files_below(path)
        elif path.is_file():
            yield path


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_split(name: str) -> bool:
    """Whether a folder or file is called like a split."""
    try:
        declared(name)
    except UnknownSplit:
        return False
    return True


def text_in(path: Path) -> str:
    """What a text file says, whatever bytes are in it. Raises TooLong."""
    size = path.stat().st_size
    if size > LONGEST_TEXT:
        raise TooLong(
            f"'{path.name}' has {size / 2**20:,.0f} MiB, and a text file of labels or names has {LONGEST_TEXT >> 20} MiB at most"
        )
    return path.read_text(encoding="utf-8-sig", errors="replace")


def top(root: Path) -> Path:
    """Below the folders that only wrap another one, as archives of a folder have them."""
    while (wrapped := _wrapped(root)) is not None:
        root = wrapped
    return root


def _wrapped(root: Path) -> Path | None:
    inside = children(root)
    if len(inside) != 1 or not inside[0].is_dir() or is_split(inside[0].name):
        return None
    holds_more = any(path.is_dir() or path.suffix == ".json" for path in children(inside[0]))
    return inside[0] if holds_more else None


def find(places: list[Path], name: str, root: Path) -> Path | None:
    """The file `name` in the first of `places` that has it, inside `root` also when links are followed."""
    for place in places:
        for written in dict.fromkeys((name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))):
            path = place / written
            if path.is_file() and path.resolve().is_relative_to(root):
                return path
    return None


def kept_text(value: Any) -> str | None:
    """A group's or source's name: up to 300 characters that can be written down."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value).encode("utf-8", "replace").decode().replace("\0", "?")[:300]
