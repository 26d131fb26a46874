"""Rows of the cohorts: how far down the random checks are looked at, by when the images arrived."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf

from sqlalchemy import Connection, delete, func, select

from relens.infra.statements import add
from relens.review.chance import Cohort
from relens.review.queue_tables import queue_cohort, queue_item


def cohorts(connection: Connection, deployment: str) -> list[Cohort]:
    """In order of arrival."""
    query = select(queue_cohort).where(queue_cohort.c.deployment == deployment).order_by(queue_cohort.c.first_seq)
    return [Cohort(row.first_seq, inf if row.tau is None else row.tau, row.floor) for row in connection.execute(query)]


def replace(connection: Connection, deployment: str, before: Sequence[Cohort], after: Sequence[Cohort]) -> None:
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    if before[same:]:
        here = (queue_cohort.c.deployment == deployment) & (queue_cohort.c.first_seq >= before[same].first)
        connection.execute(delete(queue_cohort).where(here))
    rows = [
        {
            "deployment": deployment,
            "first_seq": one.first,
            "tau": None if one.tau == inf else one.tau,
            "floor": one.floor,
        }
        for one in after[same:]
    ]
    add(connection, queue_cohort, *rows)


def stretches(
    connection: Connection, deployment: str, there: Sequence[Cohort], places: Sequence[tuple[int, float]]
) -> list[tuple[int, int, float]]:
    """(first, last, highest chance) of stretches of the log in which nothing waits any more; `places`: (log_seq, chance) of what left, in order.

    Each reaches from one waiting image to the next, over the reviewed ones too: cut where something was left over, those beside it would
    stand for themselves alone because they had been drawn.
    """
    of = queue_item.c.deployment == deployment
    place = queue_item.c.log_seq
    waits = select(place).where(of, queue_item.c.open).limit(1)
    firsts = [cohort.first for cohort in there]
    found: list[tuple[int, int, float]] = []
    for seq, chance in places:
        if found and seq <= found[-1][1]:
            first, last, highest = found[-1]
            found[-1] = (first, last, max(highest, chance))
            continue
        # What left before is a cohort of its own already: looking back ends there.
        least = firsts[max(bisect_right(firsts, seq) - 1, 0)] if firsts else 0
        before = connection.execute(waits.where(place >= least, place < seq).order_by(place.desc())).scalar()
        after = connection.execute(waits.where(place > seq).order_by(place)).scalar()
        last = connection.execute(select(func.max(place)).where(of)).scalar_one() if after is None else after - 1
        found.append((least if before is None else before + 1, int(last), chance))
    return found
