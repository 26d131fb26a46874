"""Runs of consecutive numbers that a writer gave and the log has; what lies between two of them is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from relens.kit.clock import Micros
from relens.predictions.writers.gaps import Hole


class Of(NamedTuple):
    """Whose numbers they are; `source` is "" where nobody said."""

    writer: str
    source: str


class Run(NamedTuple):
    """Numbers `first` to `last`, each of them in the log; the images of these two were taken at `since` and `until`."""

    first: int
    last: int
    since: Micros
    until: Micros


def merged(runs: Iterable[Run]) -> list[Run]:
    """The same numbers in as few runs as they make, in order."""
    found: list[Run] = []
    for run in sorted(runs):
        if not found or run.first > found[-1].last + 1:
            found.append(run)
        elif run.last > found[-1].last:
            found[-1] = found[-1]._replace(last=run.last, until=run.until)
    return found


def without(run: Run, number: int, at: Micros) -> list[Run]:
    """What is left of a run that has lost a number, whose image was taken at `at`."""
    before = [run._replace(last=number - 1, until=at)] if number > run.first else []
    return before + ([run._replace(first=number + 1, since=at)] if number < run.last else [])


def holes_between(of: Of, runs: Sequence[Run], since: Micros, until: Micros) -> list[Hole]:
    """The missing numbers of one writer and source whose neighbours say that they were given around that time; `runs` are in order."""
    found: list[Hole] = []
    for a, b in pairwise(runs):
        began, ended = sorted((a.until, b.since))
        if began < until and ended >= since:
            found.append(Hole(of.writer, of.source or None, a.last + 1, b.first - 1, began, ended))
    return found


def hole_before(of: Of, first: Run, since: Micros) -> list[Hole]:
    """What is missing before the first of all runs: a writer that tells how far it is begins at 1."""
    shown = first.first > 1 and first.since >= since
    return [Hole(of.writer, of.source or None, 1, first.first - 1, None, None)] if shown else []


def hole_after(of: Of, last: Run | None, told: int, until: Micros) -> list[Hole]:
    """What is missing after the last of all runs (None: nothing came) up to the number that its writer says it gave last."""
    if last is None:
        return [Hole(of.writer, of.source or None, 1, told, None, None, tail=True)]
    shown = last.last < told and until > last.until
    return [Hole(of.writer, of.source or None, last.last + 1, told, last.until, None, tail=True)] if shown else []
