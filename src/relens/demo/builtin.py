"""The built-in stream: simulated pictures of three conveyor lines, one of which goes wrong half-way.

Training shows all lines in good order. In production, line-2's lamp weakens, its lens clouds and a delivery of black bolts
arrives. The images held back for judging show both states, as a careful team would have collected them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from relens.demo.belts import LINES, worn
from relens.demo.parts import LABELS
from relens.demo.scenes import Picture, picture
from relens.demo.stream import Arrival, Example, Stream

TITLE = "conveyor"
TROUBLED = "line-2"
_ORDER = ("line-2", "line-1", "line-2", "line-3")
"""Line-2 is the busy one: every other picture is its."""
_KINDS = ("train", "holdout", "past", "live")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many images of each kind."""

    train: int = 180
    holdout: int = 160
    days: int = 20
    per_day: int = 18
    steady: int = 24
    changed: int = 276


def built_in(seed: int = 1, sizes: Sizes = Sizes()) -> Stream:
    """The stream of one seed. Pictures are drawn when they are read, a few milliseconds each."""
    lines = list(LINES)
    train = [_Frame(seed, "train", i, lines[i % len(lines)]) for i in range(sizes.train)]
    holdout = [_Frame(seed, "holdout", i, *_holdout_view(i)) for i in range(sizes.holdout)]
    arriving = {frame.name: frame for frame in _arriving(seed, sizes)}
    past = list(_past(seed, sizes))
    all_of_them = arriving | {frame.name: frame for frame, _ in past}
    return Stream(
        title=TITLE,
        task="detection",
        labels=LABELS,
        train=tuple(frame.example() for frame in train),
        gate=tuple(frame.example() for frame in holdout[0::2]),
        report=tuple(frame.example() for frame in holdout[1::2]),
        production=tuple(frame.arrival() for frame in arriving.values()),
        truth=lambda name: all_of_them[name].draw().annotations if name in all_of_them else None,
        past=tuple(frame.arrival(ago) for frame, ago in past),
        simulated=True,
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """One picture, not drawn yet."""

    seed: int
    kind: str
    number: int
    line: str
    bad: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.number:05d}.jpg"

    def draw(self) -> Picture:
        return _drawn(self)

    def data(self) -> bytes:
        return self.draw().data

    def example(self) -> Example:
        return Example(self.name, self.data, self.draw().annotations, self.line + (" worn" if self.bad else ""))

    def arrival(self, ago: timedelta = timedelta(0)) -> Arrival:
        return Arrival(self.name, self.data, self.line, ("simulated",), int(self.bad), ago)


@lru_cache(maxsize=64)
def _drawn(frame: _Frame) -> Picture:
    line = LINES[frame.line]
    seed = [frame.seed, _KINDS.index(frame.kind), frame.number]
    return picture(worn(line) if frame.bad else line, seed, black_bolts=frame.bad)


def _holdout_view(number: int) -> tuple[str, bool]:
    """Half in good order, half of line-2 gone wrong; the same twice in a row, so that gate and report are alike."""
    cycle = [
        ("line-1", False),
        ("line-2", True),
        ("line-2", False),
        ("line-2", True),
        ("line-3", False),
        ("line-2", True),
    ]
    return cycle[number // 2 % len(cycle)]


def _arriving(seed: int, sizes: Sizes) -> Iterator[_Frame]:
    for i in range(sizes.steady + sizes.changed):
        line = _ORDER[i % len(_ORDER)]
        yield _Frame(seed, "live", i, line, bad=i >= sizes.steady and line == TROUBLED)


def _past(seed: int, sizes: Sizes) -> Iterator[tuple[_Frame, timedelta]]:
    """Twelve hours of each day, the oldest first; with how long ago each was taken."""
    lines = list(LINES)
    for day in range(sizes.days, 0, -1):
        for i in range(sizes.per_day):
            ago = timedelta(days=day, hours=6) - timedelta(hours=12 * (i + 0.5) / sizes.per_day)
            yield _Frame(seed, "past", day * 1000 + i, lines[i % len(lines)]), ago
