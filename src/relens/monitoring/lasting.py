"""What is made of sums that stay in memory is kept as well: of a month that is asked for every few seconds only what is new is made anew.

Nothing has to be told that a sum has changed: a changed one is another object.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

from relens.metrics.metric import State
from relens.monitoring.bucket import Cell


class These:
    """Sums by which they are, not by what they hold: as a key, equal only to the very same ones, which is known at a glance.

    A key keeps them alive, so no others can take their place.
    """

    __slots__ = ("_hash", "ones")

    def __init__(self, ones: Sequence[tuple[Cell, State]]) -> None:
        self.ones = ones
        self._hash = hash(tuple(map(id, ones)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, These) and len(self.ones) == len(other.ones) and all(map(is_, self.ones, other.ones))
