"""An item: one asset in one dataset version, with its split, its group and what is true of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, cast

from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

Declared = Literal["train", "validation", "test", "production"]
"""What a dataset may say of an image; `production`: it stands for what a deployed model meets later."""

_SPOKEN: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}


class BadItem(Invalid):
    """A name that leaves its folder, a split nobody knows, or an annotation that does not fit the task."""


class UnknownSplit(BadItem):
    """A split that is none of ours and no usual other word for one."""


def split_named(text: str) -> Split:
    """The split a dataset's own word means: val and valid are validation, holdout is test. Raises UnknownSplit."""
    found = _SPOKEN.get(text.strip().lower())
    if found is None:
        raise UnknownSplit(
            f"the split '{text[:60]}' is not known: use train, validation (val) or test (holdout), or leave it out"
        )
    return found


def declared(text: str) -> Declared:
    """`split_named` for what a dataset says of its images, which may be production. Raises UnknownSplit."""
    return "production" if text.strip().lower() == "production" else split_named(text)


def safe_name(text: str) -> str:
    """A relative path with forward slashes that stays below its folder. Raises BadItem."""
    name = text.replace("\\", "/")
    parts = name.split("/")
    if (
        not name
        or name.startswith("/")
        or PurePosixPath(name).is_absolute()
        or (len(parts[0]) == 2 and parts[0][1] == ":")
    ):
        raise BadItem(f"'{text[:120]}' is no relative file name")
    if any(part in ("", ".", "..") for part in parts):
        raise BadItem(f"the file name '{text[:120]}' leaves its folder: '..' and empty parts are not allowed")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError as error:
        raise BadItem("a file name is not valid Unicode text") from error
    if len(name) > 1000 or max(sizes) > 255 or any(ord(character) < 32 for character in name):
        raise BadItem(f"the file name '{text[:60]}...' is too long or has control characters in it")
    return name


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a version. `group`: images of one scene; a group never straddles splits that were cut by us.

    `file_name` is for people and exports; `width` and `height` (pixels) are the asset's and are filled in when published.
    """

    asset: str
    split: Split
    group: str
    file_name: str
    source: str | None = None
    annotations: tuple[Annotation, ...] = ()
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise BadItem(f"an item's split is train, validation or test, not '{self.split}'")
        if not self.group or len(self.group) > 300:
            raise BadItem("an item needs a group of 1 to 300 characters (its asset's id when it has no other)")
        if safe_name(self.file_name) != self.file_name:
            raise BadItem(f"write the file name '{self.file_name}' with forward slashes")


def plain(annotation: Annotation) -> Annotation:
    """Without a given area that only repeats the shape's: then what is written and read again is the same."""
    if annotation.given_area is None or annotation.shape is None:
        return annotation
    if math.isclose(annotation.given_area, annotation.shape.area, rel_tol=1e-9, abs_tol=1e-9):
        return replace(annotation, given_area=None)
    return annotation


def as_split(text: str) -> Split:
    """For values that were checked before: rows of our own tables."""
    return cast(Split, text)
