"""The feed as alerts see it: how many images came, when the last one, and how long the usual pause is at that hour.

Read from the narrow rows that searches use. A shadow's answers are no images, and production of the past that was imported is no news; it
does say what is usual.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.monitoring import store as counted
from relens.monitoring import sums
from relens.monitoring.span import cover
from relens.predictions.tables import posting, prediction, signal, term

DAYS = 7
"""So many days before say what is usual at an hour."""
KNOWN_FOR = 14 * DAY
"""A source that sent nothing for longer is forgotten."""
_NEWEST = 300
_LEAST_GAP = 20 * SECOND
"""Shorter pauses are none: three of them are a minute, and nobody wants to be called for less."""
_JUST_NOW = 60 * SECOND
_NEW = (signal.c.role != "shadow", signal.c.origin != "imported")


def images(connection: Connection, deployment: str, since: Micros, until: Micros, source: str = "") -> int:
    """Answered images taken in [since, until), exactly, however many: whole hours from the sums, the rest counted in the log."""
    first, last = since - since % HOUR, until - until % HOUR
    whole = _hours(connection, deployment, first, last, source)
    return (
        whole - _part(connection, deployment, first, since, source) + _part(connection, deployment, last, until, source)
    )


def behind(connection: Connection, deployment: str, at: Micros) -> bool:
    """Whether the sums lack more than is just coming in, because the log is being counted again: then they say nothing of now."""
    cursor = counted.cursors(connection).get(deployment, counted.Cursor(0, False))
    if cursor.clearing:
        return True
    later = (prediction.c.deployment == deployment, prediction.c.log_seq > cursor.log_seq)
    query = select(prediction.c.logged_at).where(*later).order_by(prediction.c.log_seq).limit(1)
    first = connection.execute(query).scalar_one_or_none()
    return first is not None and first < at - _JUST_NOW


def last_image(connection: Connection, deployment: str, at: Micros, source: str) -> Micros | None:
    """When the latest image that is not imported was taken, answered or failed; None for none lately."""
    query = _times(deployment, source, at - KNOWN_FOR, at + 1, newest=True).where(*_NEW)
    found: Micros | None = connection.execute(query.limit(1)).scalar_one_or_none()
    return found


def sources(connection: Connection, deployment: str, at: Micros) -> list[str]:
    """The sources that sent anything lately, in order."""
    since, until = at - KNOWN_FOR - (at - KNOWN_FOR) % DAY, at - at % HOUR + HOUR
    found = sums.divisions(connection, deployment, cover(since - since % HOUR, until, "day"))
    return sorted({one.source for one in found if one.role != "shadow"} - {""})


def tags(connection: Connection, deployment: str, at: Micros, most: int) -> list[str]:
    """At most so many tags that lately came with images, in order."""
    here = (posting.c.term == term.c.id, posting.c.taken_at >= at - KNOWN_FOR)
    query = select(term.c.value).where(
        term.c.deployment == deployment, term.c.kind == "tag", select(posting.c.term).where(*here).exists()
    )
    return list(connection.execute(query.order_by(term.c.value).limit(most)).scalars())


def usual_gap(connection: Connection, deployment: str, at: Micros, source: str) -> Micros | None:
    """The longest pause that is usual at this hour of the day; None until there was a day before.

    That is the median over the last seven days, or that of the same weekday where it is longer: a line that rests on Sundays rests.
    """
    hour = at - at % HOUR
    longest = {day: _longest_gap(connection, deployment, hour - day * DAY, at, source) for day in range(1, DAYS + 1)}
    known = [gap for gap in longest.values() if gap is not None]
    if not known:
        return None
    return max(round(median(known)), longest[DAYS] or 0, _LEAST_GAP)


def _longest_gap(connection: Connection, deployment: str, hour: Micros, at: Micros, source: str) -> Micros | None:
    """The longest pause of which a part lies in this hour; None where nothing came before it and in it, or after."""

    def some(since: Micros, until: Micros, newest: bool, limit: int) -> list[Micros]:
        query = _times(deployment, source, since, until, newest).where(signal.c.role != "shadow").limit(limit)
        return sorted(connection.execute(query).scalars())

    within = some(hour, hour + HOUR, True, _NEWEST)
    before = some(hour - KNOWN_FOR, hour, True, 1) if len(within) < _NEWEST else []
    taken = [*before, *within, *some(hour + HOUR, at, False, 1)]
    return max((b - a for a, b in pairwise(taken)), default=None)


def _hours(connection: Connection, deployment: str, since: Micros, until: Micros, source: str) -> int:
    if since >= until:
        return 0
    which = sums.Which(cover(since, until, "day"), source or None, whole=not source, imported=False)
    return sum(int(state[0]) for _, state in sums.cells(connection, deployment, ["volume"], which))


def _part(connection: Connection, deployment: str, hour: Micros, at: Micros, source: str) -> int:
    """Images of an hour up to `at`; the shorter part of it is counted."""
    if at - hour <= HOUR // 2:
        return _count(connection, deployment, hour, at, source)
    whole = _hours(connection, deployment, hour, hour + HOUR, source)
    return whole - _count(connection, deployment, at, hour + HOUR, source)


def _count(connection: Connection, deployment: str, since: Micros, until: Micros, source: str) -> int:
    if since >= until:
        return 0
    here = [*_between(deployment, since, until), *_NEW, signal.c.error.is_(None)]
    here += [signal.c.source == source] if source else []
    return int(connection.execute(select(func.count()).select_from(signal).where(*here)).scalar_one())


def _times(deployment: str, source: str, since: Micros, until: Micros, newest: bool) -> Select[Any]:
    """When images were taken; of one source along its word, so that a silent one among a million others is found at once."""
    if not source:
        by = signal.c.taken_at.desc() if newest else signal.c.taken_at
        return select(signal.c.taken_at).where(*_between(deployment, since, until)).order_by(by)
    word = select(term.c.id).where(term.c.deployment == deployment, term.c.kind == "source", term.c.value == source)
    return (
        select(posting.c.taken_at)
        .join(signal, signal.c.log_seq == posting.c.log_seq)
        .where(posting.c.term == word.scalar_subquery(), posting.c.taken_at >= since, posting.c.taken_at < until)
        .order_by(posting.c.taken_at.desc() if newest else posting.c.taken_at)
    )


def _between(deployment: str, since: Micros, until: Micros) -> list[ColumnElement[bool]]:
    return [signal.c.deployment == deployment, signal.c.taken_at >= since, signal.c.taken_at < until]
