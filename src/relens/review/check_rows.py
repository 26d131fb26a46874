"""Which rows of the queue are random checks by now: what was reviewed above the tau of its cohort."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from sqlalchemy import Connection, select

from relens.review.cohort_rows import cohorts
from relens.review.queue_tables import queue_item
from relens.review.store import verdict


def reviewed(connection: Connection, deployment: str, since_seq: int = 0) -> list[tuple[Any, float]]:
    """The random checks as rows of the queue with `status` and `seq` of what was said of each (of its twin, where it has one), and its tau.

    Only what somebody has said something about is looked at: whatever waits, or left unseen, has a priority below tau.
    """
    there = cohorts(connection, deployment)
    firsts = [cohort.first for cohort in there]
    columns = [queue_item.c[name] for name in ("prediction", "size", "open", "twin", "log_seq", "chance")]
    said = select(*columns, verdict.c.status, verdict.c.seq)
    here = (queue_item.c.deployment == deployment) & (queue_item.c.log_seq > since_seq)
    own = said.join(verdict, verdict.c.prediction == queue_item.c.prediction)
    twins = said.join(verdict, verdict.c.prediction == queue_item.c.twin)
    found: list[tuple[Any, float]] = []
    for query in (
        own.where(here, verdict.c.deployment == deployment, queue_item.c.twin.is_(None)),
        twins.where(here, queue_item.c.twin.is_not(None)),
    ):
        for row in connection.execute(query):
            number = bisect_right(firsts, row.log_seq) - 1
            if number >= 0 and row.chance > there[number].tau:
                found.append((row, there[number].tau))
    return sorted(found, key=lambda one: int(one[0].log_seq))


def not_yet_drawn(connection: Connection, deployment: str) -> int:
    """How many were reviewed as random checks while an earlier one waited, and still waits: until it is reviewed none of them counts."""
    there = cohorts(connection, deployment)
    firsts = [cohort.first for cohort in there]
    here = (queue_item.c.deployment == deployment) & ~queue_item.c.open & queue_item.c.twin.is_(None)
    query = select(queue_item.c.log_seq, queue_item.c.chance).where(here, queue_item.c.lane == "random checks")
    places = [(bisect_right(firsts, row.log_seq) - 1, row.chance) for row in connection.execute(query)]
    return sum(place >= 0 and chance <= there[place].tau for place, chance in places)
