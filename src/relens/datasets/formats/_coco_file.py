"""One COCO annotation file: opened, its shape checked, its entries with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.datasets.formats._json_lines import Document, parse
from relens.datasets.found import Problem
from relens.datasets.item import Declared, UnknownSplit, declared


@dataclass(frozen=True, slots=True)
class CocoFile:
    """`name` is its path below the dataset; `split` what its own name says of its images."""

    name: str
    path: Path
    document: Document
    split: Declared | None

    @property
    def value(self) -> dict[str, Any]:
        return self.document.value

    def entries(self, key: str) -> Iterator[tuple[int, Any]]:
        """Line and value of each entry of the list `key`."""
        value = self.value.get(key)
        if isinstance(value, list):
            yield from zip(self.document.lines[key], value, strict=True)


def open_file(path: Path, root: Path, problems: list[Problem]) -> CocoFile | None:
    """The file, or None with a problem written down. A JSON file without `images` is none of ours and is passed over."""
    name = path.relative_to(root).as_posix()
    try:
        document = parse(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        problems.append(Problem(getattr(error, "lineno", None), name, f"this is not readable JSON: {error}"))
        return None
    if not isinstance(document.value.get("images"), list):
        if path.name == "annotations.json":
            problems.append(Problem(1, name, "there is no list 'images' in it: this is not a COCO file"))
        return None
    return CocoFile(name, path, document, _split_of(path, root))


def _split_of(path: Path, root: Path) -> Declared | None:
    """instances_val2017.json and valid/_annotations.coco.json are validation."""
    words = re.split(r"[^a-z]+", path.stem.lower())
    if path.parent != root:
        words.append(path.parent.name.lower())
    for word in words:
        try:
            return declared(word)
        except UnknownSplit:
            continue
    return None
