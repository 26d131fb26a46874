"""Where a field of numbers crosses zero: the outlines of what is positive, finer than its grid (marching squares).

The field is known at the centres of cells and straight in between, as bilinear enlargement makes it: the outline is that of the
enlarged mask without enlarging anything. All outlines of a field are traced at once; nothing here walks point by point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]
# Sides of a square of four cell centres: 0 top, 1 right, 2 bottom, 3 left. For each of the 16 corner patterns (bits: top left,
# top right, bottom right, bottom left), which side an outline that enters at a side leaves by, what is positive on its left.
_NEXT = np.full((16, 4), -1, np.intp)
for _pattern, _pairs in {
    1: ((0, 3),), 2: ((1, 0),), 3: ((1, 3),), 4: ((2, 1),), 5: ((0, 1), (2, 3)), 6: ((2, 0),), 7: ((2, 3),), 8: ((3, 2),),
    9: ((0, 2),), 10: ((1, 2), (3, 0)), 11: ((1, 2),), 12: ((3, 1),), 13: ((0, 1),), 14: ((3, 0),),
}.items():  # fmt: skip
    for _enters, _leaves in _pairs:
        _NEXT[_pattern, _enters] = _leaves


def outlines(field: Floats) -> list[npt.NDArray[np.float64]]:
    """Rings (n, 2) of x, y around what is positive in `field` (h, w), in cells: the first cell's centre is (0.5, 0.5).

    Outer rings have a positive area by the shoelace formula, rings around holes a negative one. The field's border must not be positive.
    """
    positive = field > 0
    enters, leaves = _links(positive)
    if not len(enters):
        return []
    names, where = np.unique(enters, return_inverse=True)
    follows = np.empty(len(names), np.intp)
    follows[where] = np.searchsorted(names, leaves)
    points = _points(field, names)
    order, starts = _rings(follows)
    return [ring for ring in np.split(points[order], starts[1:]) if len(ring) >= 3]


def straightened(rings: Sequence[npt.NDArray[np.float64]], tolerance: float) -> list[npt.NDArray[np.float64]]:
    """The rings (n, 2) without points closer than `tolerance` to the line past them; eight points of each stay.

    Every second point is looked at, then the others, until neither takes any away: what it is off in the end is a few times that.
    """
    if not rings:
        return []
    points = np.concatenate(rings)
    ring = np.repeat(np.arange(len(rings)), [len(one) for one in rings])
    idle, odd = 0, 1
    while idle < 2:
        sizes = np.bincount(ring, minlength=len(rings))
        starts = np.cumsum(sizes) - sizes
        place = np.arange(len(points)) - starts[ring]
        at = np.flatnonzero((place % 2 == odd) & (place < sizes[ring] - 1) & (sizes[ring] > 8))
        before, after = points[at - 1], points[at + 1]
        before[place[at] == 0] = points[(starts + sizes - 1)[ring[at[place[at] == 0]]]]
        gone = at[_aside(before, points[at], after) <= tolerance]
        points, ring = np.delete(points, gone, axis=0), np.delete(ring, gone)
        idle, odd = (0 if len(gone) else idle + 1), 1 - odd
    return np.split(points, np.flatnonzero(np.diff(ring)) + 1)


def _aside(
    before: npt.NDArray[np.float64], middle: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """How far the points in the middle are from the lines past them."""
    span, off = after - before, middle - before
    length = np.hypot(span[:, 0], span[:, 1])
    return np.asarray(
        np.where(length > 1e-9, np.abs(span[:, 0] * off[:, 1] - span[:, 1] * off[:, 0]), 0) / np.maximum(length, 1e-9)
    )


def _links(positive: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """For every step of an outline through a square: the crossing it comes from and the one it goes to."""
    height, width = positive.shape
    bits = positive.astype(np.uint8)
    pattern = bits[:-1, :-1] | bits[:-1, 1:] << 1 | bits[1:, 1:] << 2 | bits[1:, :-1] << 3
    at = np.flatnonzero((pattern != 0) & (pattern != 15))
    kinds = pattern.ravel()[at]
    row, column = np.divmod(at, width - 1)
    across = height * width
    # A crossing's name: of the line between two neighbours in a row, or (beyond `across`) in a column.
    here = row * width + column
    names = np.stack((here, across + here + 1, here + width, across + here))
    enters, leaves = [], []
    for side in range(4):
        to = _NEXT[kinds, side]
        there = np.flatnonzero(to >= 0)
        enters.append(names[side, there])
        leaves.append(names[to[there], there])
    return np.concatenate(enters), np.concatenate(leaves)


def _points(field: Floats, names: Ints) -> npt.NDArray[np.float64]:
    """Where on its line each crossing lies."""
    height, width = field.shape
    down = names >= height * width
    first = np.where(down, names - height * width, names)
    flat = field.ravel()
    one, other = flat[first].astype(np.float64), flat[first + np.where(down, width, 1)].astype(np.float64)
    part = one / (one - other)
    row, column = np.divmod(first, width)
    return np.column_stack((column + 0.5 + np.where(down, 0.0, part), row + 0.5 + np.where(down, part, 0.0)))


def _rings(follows: Ints) -> tuple[Ints, Ints]:
    """All points in the order of their rings, and where each ring begins, by doubling the distance looked ahead each time."""
    count = len(follows)
    least, ahead = np.arange(count), follows
    for _ in range(count.bit_length()):
        least, ahead = np.minimum(least, least[ahead]), ahead[ahead]
    # Each ring is cut before its first point; how far it is to there orders the others.
    to_first = np.where(least == np.arange(count), 0, 1)
    ahead = np.where(to_first == 0, np.arange(count), follows)
    for _ in range(count.bit_length()):
        to_first, ahead = to_first + to_first[ahead], ahead[ahead]
    order = np.lexsort((-np.where(to_first == 0, count, to_first), least))
    return order, np.flatnonzero(np.diff(least[order], prepend=-1))
