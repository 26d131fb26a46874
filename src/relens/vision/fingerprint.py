"""A fingerprint of what an image looks like, so that near-duplicates are known without comparing pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from relens.kit.errors import Invalid
from relens.vision.decode import Image

BITS = 256
_MOST_OF_ALL = 0.25
_FEW = 10


class BadFingerprint(Invalid):
    """A text that is not 64 hex digits."""


def fingerprint(image: Image) -> str:
    """The 256-bit difference hash of the upright image, 64 hex digits: is each of 16 x 17 grey cells darker than the next?

    Made of the small copy, so that a JPEG decoded at a part of its size differs in a few bits at most.
    """
    cells = np.asarray(image.grey.resize((17, 16), Pillow.Resampling.BOX))
    return np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes().hex()


def distance(one: str, other: str) -> int:
    """In how many of 256 bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def groups(fingerprints: Sequence[str], within: int = 12) -> list[int]:
    """A group number for each: two images whose fingerprints differ in at most `within` bits share one, and so do chains of them.

    Groups are numbered in the order they first appear. Every pair is compared, 256 bits at a time in four machine words;
    10,000 images take about a second.
    """
    words = _words(fingerprints)
    unique, where = np.unique(words, axis=0, return_inverse=True)
    group = _spread(unique, within)[where.ravel()]
    _, first, renamed = np.unique(group, return_index=True, return_inverse=True)
    return [int(number) for number in np.argsort(np.argsort(first))[renamed.ravel()]]


def scenes(fingerprints: Sequence[str]) -> list[int]:
    """Groups as above, but where one would hold more than a quarter of all images (ten at least), each of it is by itself.

    A camera that looks at the same place for ever, or small things on a plain ground, give thousands of different images whose
    fingerprints are alike: as one scene they could only lie on one side of the cut, and there would be nothing to test on.
    """
    found = groups(fingerprints)
    most = max(_FEW, _MOST_OF_ALL * len(found))
    sizes = Counter(found)
    named = [(number, place if sizes[number] > most else -1) for place, number in enumerate(found)]
    order: dict[tuple[int, int], int] = {}
    return [order.setdefault(name, len(order)) for name in named]


def tell_nothing(fingerprints: Sequence[str], within: int = 12) -> bool:
    """Whether more than a quarter of these images look like many others (a twentieth of all, five at least): looking alike means nothing then.

    Judged by 256 of them at most. A few copies of each picture are copies all the same.
    """
    words = _words(fingerprints)
    asked, columns = words[:: max(1, len(words) // 256)], np.ascontiguousarray(words.T)
    many = max(_FEW // 2, len(words) // 20)
    alike = sum(int(np.count_nonzero(_apart(one, columns) <= within)) > many for one in asked)
    return alike > _MOST_OF_ALL * len(asked)


def _words(fingerprints: Sequence[str]) -> npt.NDArray[np.uint64]:
    try:
        data = b"".join(bytes.fromhex(text) for text in fingerprints)
        return np.frombuffer(data, np.uint64).reshape(len(fingerprints), BITS // 64)
    except ValueError as error:
        raise BadFingerprint("a fingerprint is 64 hex digits") from error


def _spread(words: npt.NDArray[np.uint64], within: int) -> npt.NDArray[np.int64]:
    """Connected components: from each image not yet reached, out to all that are close, and on from those.

    Each image is compared once with those not reached yet, so a thousand copies of one scene cost no thousand squared pairs.
    """
    group = np.full(len(words), -1, np.int64)
    left = np.arange(len(words))
    columns = np.ascontiguousarray(words.T)
    while len(left):
        start = left[0]
        group[start] = start
        frontier, left, columns = words[start : start + 1], left[1:], columns[:, 1:]
        while len(frontier) and len(left):
            near = np.zeros(len(left), bool)
            for one in frontier:
                near |= _apart(one, columns) <= within
            found = left[near]
            group[found] = start
            frontier, left, columns = words[found], left[~near], columns[:, ~near]
    return group


def _apart(one: npt.NDArray[np.uint64], columns: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    total = np.zeros(columns.shape[1], np.uint16)
    for word, column in zip(one, columns, strict=True):
        total += np.bitwise_count(word ^ column)
    return total
