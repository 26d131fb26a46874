"""What differs between two dataset versions, in annotations. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from relens.datasets.item import SPLITS, Item
from relens.vision.annotation import Annotation


@dataclass(frozen=True, slots=True)
class Parts:
    """The annotations of one image: those that are gone, new, and in both."""

    removed: tuple[Annotation, ...]
    added: tuple[Annotation, ...]
    kept: tuple[Annotation, ...]


@dataclass(slots=True)
class LabelChange:
    """Annotations of one label that came and went, by split."""

    added: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    removed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))


def parts(before: Item | None, after: Item | None) -> Parts:
    """An annotation that moved or was called otherwise is gone and new."""
    was = Counter(before.annotations if before else ())
    now = Counter(after.annotations if after else ())
    return Parts(tuple((was - now).elements()), tuple((now - was).elements()), tuple((was & now).elements()))


def by_label(pairs: Iterable[tuple[Item | None, Item | None]]) -> dict[str, LabelChange]:
    """Over all images that differ; of an image that changed its split, everything came and went."""
    found: dict[str, LabelChange] = {}
    for before, after in pairs:
        moved = before is not None and after is not None and before.split != after.split
        seen = Parts(before.annotations, after.annotations, ()) if moved and before and after else parts(before, after)
        for gone in seen.removed:
            assert before is not None
            found.setdefault(gone.label, LabelChange()).removed[before.split] += 1
        for new in seen.added:
            assert after is not None
            found.setdefault(new.label, LabelChange()).added[after.split] += 1
    return found
