"""Cuts images into parts so that near-duplicates stay together; decided by hashes of names, so the cut is the same every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from relens.kit.errors import RelensError
from relens.kit.ids import content_id
from relens.vision.decode import decode
from relens.vision.fingerprint import fingerprint, groups

Thing = TypeVar("Thing")
_FINE_ENOUGH = 128
"""A fingerprint needs no more pixels than this along the smaller side."""


def cut(things: Sequence[tuple[Path, Thing]], shares: Sequence[float]) -> list[list[Thing]]:
    """Parts of about these shares; whole groups, in the order of a hash."""
    ordered = _groups_in_order(things)
    total, before = len(things), 0
    parts: list[list[Thing]] = [[] for _ in shares]
    for group in ordered:
        middle = (before + len(group) / 2) / total
        before += len(group)
        edges = [sum(shares[: i + 1]) for i in range(len(shares) - 1)]
        parts[sum(middle >= edge for edge in edges)].extend(group)
    return parts


def halves(things: Sequence[tuple[Path, str, Thing]]) -> tuple[list[Thing], list[Thing]]:
    """Two halves, each with its share of every stratum (the middle value: a domain, a label)."""
    strata: dict[str, list[list[Thing]]] = defaultdict(list)
    where = {id(thing): stratum for _, stratum, thing in things}
    for group in _groups_in_order([(path, thing) for path, _, thing in things]):
        strata[where[id(group[0])]].append(group)
    one, two = list[Thing](), list[Thing]()
    for _, found in sorted(strata.items()):
        for group in found:
            (one if len(one) <= len(two) else two).extend(group)
    return one, two


def _groups_in_order(things: Sequence[tuple[Path, Thing]]) -> list[list[Thing]]:
    """Near-duplicates together; groups sorted by the hash of their first image's name."""
    if not things:
        return []
    numbers = groups([_look(path) for path, _ in things])
    together: dict[int, list[tuple[str, Thing]]] = defaultdict(list)
    for number, (path, thing) in zip(numbers, things, strict=True):
        together[number].append((content_id(path.name.encode()), thing))
    sorted_groups = sorted(
        (sorted(group, key=lambda named: named[0]) for group in together.values()), key=lambda group: group[0][0]
    )
    return [[thing for _, thing in group] for group in sorted_groups]


def _look(path: Path) -> str:
    try:
        return fingerprint(decode(path.read_bytes(), smallest=_FINE_ENOUGH))
    except RelensError:
        # A broken image is alone; the import will say what is wrong with it.
        return content_id(path.name.encode())
