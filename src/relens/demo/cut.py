"""Cuts images into parts so that near-duplicates stay together; decided by hashes of names, so the cut is the same every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from relens.demo.entry import Entry, Stratum
from relens.kit.ids import content_id


def cut(entries: Sequence[Entry], stratum: Stratum, shares: Sequence[float]) -> list[list[Entry]]:
    """Parts of about these shares, also of every stratum; whole scenes, in the order of a hash."""
    strata: dict[str, list[list[Entry]]] = defaultdict(list)
    for scene in _scenes_in_order(entries):
        strata[stratum(scene[0])].append(scene)
    parts: list[list[Entry]] = [[] for _ in shares]
    given = 0
    for _, here in sorted(strata.items()):
        own, seen = [0] * len(shares), 0
        for scene in here:
            seen, given = seen + len(scene), given + len(scene)
            # What a part lacks of this stratum, and of all: many strata of one image each must not all go the same way.
            lacks = [share * (seen + given) - own[i] - len(parts[i]) for i, share in enumerate(shares)]
            chosen = lacks.index(max(lacks))
            own[chosen] += len(scene)
            parts[chosen].extend(scene)
    return parts


def halves(entries: Sequence[Entry], stratum: Stratum) -> tuple[list[Entry], list[Entry]]:
    """Two halves, each with its share of every stratum."""
    one, two = cut(entries, stratum, (0.5, 0.5))
    return one, two


def _scenes_in_order(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Near-duplicates together; scenes sorted by the hash of their first image's name."""
    together: dict[int, list[tuple[str, Entry]]] = defaultdict(list)
    for entry in entries:
        together[entry.scene].append((content_id(entry.path.name.encode()), entry))
    ordered = sorted(
        (sorted(scene, key=lambda named: named[0]) for scene in together.values()), key=lambda scene: scene[0][0]
    )
    return [[entry for _, entry in scene] for scene in ordered]
