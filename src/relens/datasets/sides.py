"""On which side of the cut the images of a dataset have been, in all its versions: what was a test image once is never trained on.

A dataset cut by its own author may have images of one scene on both sides. Those stay where they are; only a scene that lay on the
test side as a whole takes new images with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from relens.datasets.item import Item, Split


class Sides:
    """Grows version by version, the oldest first; `version` is the number of the last one that was added."""

    def __init__(self) -> None:
        self.version = 0
        self._assets: dict[str, Split] = {}
        self._scenes: dict[str, set[Split]] = {}
        self._groups: dict[str, str] = {}

    def add(self, asset: str, group: str, split: Split, version: int = 0) -> None:
        if self._assets.get(asset) != "test":
            self._assets[asset] = split
        self._scenes.setdefault(group, set()).add(split)
        self._groups[asset] = group
        self.version = max(self.version, version)

    @property
    def assets(self) -> Collection[str]:
        return self._assets.keys()

    def of(self, asset: str) -> Split | None:
        """`test` if it ever was, else where it was last; None for an image that was never there."""
        return self._assets.get(asset)

    def group_of(self, asset: str) -> str | None:
        """The scene it belonged to last."""
        return self._groups.get(asset)

    def of_scene(self, group: str) -> Split | None:
        """Where new images of a scene belong: `test` if any of it was."""
        there = self._scenes.get(group)
        if not there:
            return None
        return next(split for split in ("test", "train", "validation") if split in there)

    def only_tested(self, group: str) -> bool:
        """Whether all that is known of a scene was kept for testing."""
        return self._scenes.get(group) == {"test"}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of a dataset before an import: its sides, and the fingerprints of its images by asset."""

    sides: Sides = field(default_factory=Sides)
    fingerprints: dict[str, str] = field(default_factory=dict)


def keep_tested(items: Iterable[Item], sides: Sides) -> list[Item]:
    """The same items; what was a test image in an earlier version is one again."""
    return [
        replace(item, split="test") if item.split != "test" and sides.of(item.asset) == "test" else item
        for item in items
    ]


def wanted(
    assets: Sequence[str], groups: Sequence[str], declared: Sequence[Split | None], sides: Sides
) -> list[Split | None]:
    """What each image of an import is to be: as declared, else as it was, else open (None). Test images and their scenes stay so."""
    # A scene under a name of its own, but with an image that was tested: known by that image.
    tested = {group for asset, group in zip(assets, groups, strict=True) if sides.of(asset) == "test"}
    mixed = {group for asset, group in zip(assets, groups, strict=True) if sides.of(asset) not in (None, "test")}
    uncut = "validation" not in declared
    found: list[Split | None] = []
    for asset, group, split in zip(assets, groups, declared, strict=True):
        before = sides.of(asset)
        if before == "test":
            found.append("test")
        elif before == "validation" and split == "train" and uncut:
            # Set apart by us the first time, because nobody had declared any.
            found.append(before)
        elif before is not None:
            found.append(split or before)
        elif sides.only_tested(group) or (group in tested and group not in mixed and sides.of_scene(group) is None):
            found.append("test")
        else:
            found.append(split)
    return found
