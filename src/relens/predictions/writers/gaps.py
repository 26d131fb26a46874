"""Gaps: numbers a writer gave that the log does not have, and why as far as it is known. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from relens.kit import clock
from relens.kit.clock import DAY, Micros

Why = Literal["missing", "waiting", "dropped", "refused", "erased"]
_WORDS = {"full": "its spool was full", "disk full": "its disk was full"}
_WHY: dict[str, Why] = {"refused": "refused", "erased": "erased"}
_TOLD: dict[Why, str] = {
    "missing": "they never arrived",
    "waiting": "they still wait there",
    "dropped": "they were let go there: {reason}",
    "refused": "the server refused them",
    "erased": "a person erased them here",
}


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers `first` to `last` that are not in the log; what came before was taken at `since`, what came after at `until`.

    None: nothing came before, or nothing yet after. `tail`: the writer gave these numbers last of all.
    """

    writer: str
    source: str | None
    first: int
    last: int
    since: Micros | None
    until: Micros | None
    tail: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """What a writer told of numbers that will never come."""

    writer: str
    source: str | None
    first: int
    last: int
    since: Micros
    until: Micros
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` predictions of one source that are not in the log, taken about between `since` and `until`."""

    writer: str
    source: str | None
    first: int
    last: int
    since: Micros | None
    until: Micros | None
    why: Why
    reason: str = ""

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def sentence(self) -> str:
        who = self.source or self.writer
        how = _TOLD[self.why].format(reason=_WORDS.get(self.reason, self.reason))
        things = "1 prediction" if self.count == 1 else f"{self.count:,} predictions"
        return f"{who} missed {things} {_between(self.since, self.until)}: {how}"


def explained(holes: Iterable[Hole], losses: Sequence[Loss]) -> list[Gap]:
    """Every hole cut into the parts that have one reason, in the order of the holes."""
    told: dict[tuple[str, str | None], list[Loss]] = {}
    for loss in sorted(losses, key=lambda one: one.first):
        told.setdefault((loss.writer, loss.source), []).append(loss)
    return [gap for hole in holes for gap in _cut(hole, told.get((hole.writer, hole.source), []))]


def _cut(hole: Hole, losses: Sequence[Loss]) -> list[Gap]:
    found: list[Gap] = []
    at = hole.first
    for loss in losses:
        first, last = max(loss.first, at), min(loss.last, hole.last)
        if first > last:
            continue
        if first > at:
            found.append(_unexplained(hole, at, first - 1))
        why = _WHY.get(loss.reason, "dropped")
        found.append(Gap(hole.writer, hole.source, first, last, loss.since, loss.until, why, loss.reason))
        at = last + 1
    if at <= hole.last:
        found.append(_unexplained(hole, at, hole.last))
    return found


def _unexplained(hole: Hole, first: int, last: int) -> Gap:
    return Gap(hole.writer, hole.source, first, last, hole.since, hole.until, "waiting" if hole.tail else "missing")


def _between(since: Micros | None, until: Micros | None) -> str:
    if since is None:
        return "before its first one here" if until is None else f"before {_minute(until)} UTC"
    if until is None:
        return f"since {_minute(since)} UTC"
    same_day = since - since % DAY == until - until % DAY
    return f"between {_minute(since)} and {_minute(until)[11:] if same_day else _minute(until)} UTC"


def _minute(at: Micros) -> str:
    return clock.to_text(at)[:16].replace("T", " ")
