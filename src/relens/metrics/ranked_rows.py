"""One label's detections over all images, kept in the order of falling confidence.

Only this order is global; the matching is done per image. Equal confidences are ordered by image key, then by rank in
the image: that is pycocotools' stable sort over images in id order, so keys must order like the exported image ids.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relens.metrics.matching import AREAS, LabelMatch

Key = int | str
_MANY = 8
"""From 1/8 of the rows on, sorting all of them is cheaper than inserting image by image."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows in order: `negated` confidence ascending, `slot` of the image, `rank` in it, masks `hits` and `ignored` (n, 4)."""

    negated: NDArray[np.float64]
    slot: NDArray[np.int64]
    rank: NDArray[np.int64]
    hits: NDArray[np.uint16]
    ignored: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.negated)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Columns":
        return Columns(self.negated[rows], self.slot[rows], self.rank[rows], self.hits[rows], self.ignored[rows])

    def with_inserted(self, at: NDArray[np.int64], other: "Columns") -> "Columns":
        return Columns(
            np.insert(self.negated, at, other.negated),
            np.insert(self.slot, at, other.slot),
            np.insert(self.rank, at, other.rank),
            np.insert(self.hits, at, other.hits, axis=0),
            np.insert(self.ignored, at, other.ignored, axis=0),
        )

    def followed_by(self, others: Sequence["Columns"]) -> "Columns":
        parts = [self, *others]
        return Columns(
            np.concatenate([part.negated for part in parts]),
            np.concatenate([part.slot for part in parts]),
            np.concatenate([part.rank for part in parts]),
            np.concatenate([part.hits for part in parts]),
            np.concatenate([part.ignored for part in parts]),
        )


def columns_of(slot: int, match: LabelMatch) -> Columns:
    """One image's rows; they are in order already."""
    n = len(match.scores)
    return Columns(-match.scores, np.full(n, slot, dtype=np.int64), np.arange(n), match.hits, match.ignored)


_NOTHING = Columns(
    np.empty(0),
    np.empty(0, dtype=np.int64),
    np.empty(0, dtype=np.int64),
    np.empty((0, len(AREAS)), dtype=np.uint16),
    np.empty((0, len(AREAS)), dtype=np.uint16),
)


@dataclass
class RankedRows:
    """Grows and shrinks by image; new images wait until somebody reads."""

    positives: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """Objects to be found per image slot, int64[4]."""
    total: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(AREAS), dtype=np.int64))
    """Of all images together."""
    _rows: Columns = _NOTHING
    _table: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    _waiting: dict[int, Columns] = field(default_factory=dict)

    def insert(self, slot: int, match: LabelMatch) -> None:
        self.positives[slot] = match.positives
        self.total = self.total + match.positives
        self._table = None
        if len(match.scores):
            self._waiting[slot] = columns_of(slot, match)

    def remove(self, slot: int) -> None:
        self.total = self.total - self.positives.pop(slot)
        self._table = None
        if self._waiting.pop(slot, None) is None:
            self._rows = self._rows.take(self._rows.slot != slot)

    def read(self, keys: Sequence[Key]) -> Columns:
        """All rows in order. `keys[slot]` is the key of the image in that slot."""
        if self._waiting:
            waiting = list(self._waiting.values())
            if sum(map(len, waiting)) * _MANY > len(self._rows):
                self._rows = _sorted(self._rows.followed_by(waiting), keys)
            else:
                for rows in waiting:
                    self._rows = _inserted(self._rows, rows, keys)
            self._waiting.clear()
        return self._rows

    def part(self, kept: NDArray[np.bool_], keys: Sequence[Key]) -> "RankedRows":
        """The rows of the images whose slot is `kept`, in the same order."""
        rows = self.read(keys)
        positives = {slot: counts for slot, counts in self.positives.items() if kept[slot]}
        total = sum(positives.values(), start=np.zeros(len(AREAS), dtype=np.int64))
        return RankedRows(positives, total, rows.take(kept[rows.slot]))

    def positives_table(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Slots of the images this label was matched in, (k,), and their objects to be found, (k, 4)."""
        if self._table is None:
            slots = np.fromiter(self.positives, dtype=np.int64, count=len(self.positives))
            counts = list(self.positives.values()) or [np.empty((0, len(AREAS)), dtype=np.int64)]
            self._table = slots, np.concatenate(counts).reshape(-1, len(AREAS))
        return self._table


def _sorted(rows: Columns, keys: Sequence[Key]) -> Columns:
    slots, inverse = np.unique(rows.slot, return_inverse=True)
    place = np.empty(len(slots), dtype=np.int64)
    place[sorted(range(len(slots)), key=lambda i: keys[int(slots[i])])] = np.arange(len(slots))
    return rows.take(np.lexsort((rows.rank, place[inverse], rows.negated)))


def _inserted(rows: Columns, new: Columns, keys: Sequence[Key]) -> Columns:
    key = keys[new.slot[0]]
    first = np.searchsorted(rows.negated, new.negated, side="left")
    last = np.searchsorted(rows.negated, new.negated, side="right")
    at = [
        bisect_left(rows.slot, key, int(low), int(high), key=lambda held: keys[int(held)])
        for low, high in zip(first, last, strict=True)
    ]
    return rows.with_inserted(np.array(at, dtype=np.int64), new)
