"""Whether some predictions are random checks, and how probable it was, as it stands now.

The probability of one that was drawn still changes while people review: whoever weighs several of them asks for all of them at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import Any

from sqlalchemy import Connection, select

from relens.predictions import store as predictions
from relens.review import cohort_rows
from relens.review.chance import Cohort, probability
from relens.review.queue_tables import queue_item

_AT_ONCE = 500


def drawn_among(connection: Connection, prediction_ids: Sequence[str]) -> dict[str, float | None]:
    """Those of some predictions (of any deployment) that are random checks, each with its probability (times that of having been kept).

    None: the lane of random checks gave it out, and others it gave out before are still looked at; when they are settled it is known.
    What still waits there is none, also where it was decided together with many others. What was drawn on the very same image counts for the one that people reviewed.
    """
    found: dict[str, float | None] = {}
    cohorts: dict[str, list[Cohort]] = {}
    rows = _rows(connection, prediction_ids)
    kept = {
        line.id: line.keep_probability for line in predictions.several(connection, [row.prediction for row in rows])
    }
    for row in rows:
        if row.deployment not in cohorts:
            cohorts[row.deployment] = cohort_rows.cohorts(connection, row.deployment)
        there = cohorts[row.deployment]
        place = bisect_right([cohort.first for cohort in there], row.log_seq) - 1
        tau = there[place].tau if place >= 0 else inf
        reviewed = row.twin or row.prediction
        if row.chance > tau:
            chance = probability(row.size, tau) * kept.get(row.prediction, 1.0)
            found[reviewed] = max(chance, found.get(reviewed) or 0.0)
        elif row.lane == "random checks" and not row.open:
            found.setdefault(reviewed, None)
    return found


def _rows(connection: Connection, ids: Sequence[str]) -> list[Any]:
    names = ("prediction", "twin", "deployment", "log_seq", "size", "chance", "lane", "open")
    columns = [queue_item.c[name] for name in names]
    found: list[Any] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        own = list(connection.execute(select(*columns).where(queue_item.c.prediction.in_(some))))
        # By deployment too, for the index's sake.
        there = queue_item.c.deployment.in_({row.deployment for row in own}) & queue_item.c.twin.in_(some)
        found += [*own, *connection.execute(select(*columns).where(there))]
    return found
