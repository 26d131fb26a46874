"""How well a team sees: how often two people agree, and how much one overlooks who is not shown the answer; and how quick each person is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, and_, func, select

from relens.access.store import actor as actors
from relens.deployments.deployment import Deployment
from relens.kit.clock import DAY, SECOND, Micros
from relens.metrics.intervals import Interval, jeffreys
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import look_rows, store
from relens.review.bulk_rows import bulk_review
from relens.review.disagreement import disagreement
from relens.review.look_rows import Blind
from relens.review.store import verdict
from relens.review.verdict import USABLE, Verdict

_PAUSE = 300 * SECOND
"""Between two reviews; whoever takes longer was elsewhere."""
_TOGETHER = SECOND // 2
"""Between two reviews; nobody looks at an image in less: they were decided by one press."""
_DAYS = 30
_MOST = 5_000
"""Of the latest reviews so many say how quick people are."""
_LEAST_PACES = 5
_MOST_BLIND = 500
"""Of the latest blind looks so many say what is overlooked: pages ask for it every half minute, and people get better."""


@dataclass(frozen=True, slots=True)
class Share:
    """`of` how many, with its 95 % interval; None where there were none."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        return jeffreys(self.count, self.of)


@dataclass(frozen=True, slots=True)
class Seeing:
    """`agreement`: of the images that two people looked at. `overlooked`: of the objects the answer rightly had, those that people who did not see
    the answer had not drawn (in the latest 500 of such looks). `wanted` second looks and `disputed` images wait."""

    agreement: Share
    overlooked: Share
    blind: int
    wanted: int
    disputed: int
    settled: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one person in the last 30 days: images reviewed, and the median seconds from one to the next (None: too few to say)."""

    id: str
    name: str
    images: int
    seconds: float | None


def seeing(connection: Connection, deployment: Deployment) -> Seeing:
    """Of the whole team; nothing of it is about one person."""
    found = look_rows.count_outcomes(connection, deployment.id)
    agreed, disagreed, settled = (found.get(outcome, 0) for outcome in ("agreed", "disagreed", "settled"))
    return Seeing(
        Share(agreed, agreed + disagreed + settled),
        _overlooked(connection, look_rows.blind(connection, deployment.id, latest=_MOST_BLIND)),
        look_rows.count_blind(connection, deployment.id),
        found.get("open", 0),
        disagreed,
        settled,
    )


def paces(connection: Connection, deployment: Deployment, now: Micros) -> list[Pace]:
    """Of everybody who looked at images lately, the busiest first; what was decided of many images at once is no look."""
    many = and_(bulk_review.c.prediction == verdict.c.prediction, bulk_review.c.revision == verdict.c.revision)
    lately = (verdict.c.deployment == deployment.id, verdict.c.status != "pending", verdict.c.at >= now - _DAYS * DAY)
    looks = verdict.outerjoin(bulk_review, many).join(actors, actors.c.id == verdict.c.actor)
    here = (*lately, bulk_review.c.job.is_(None))
    counted = select(verdict.c.actor, actors.c.name, func.count().label("images")).select_from(looks).where(*here)
    latest = select(verdict.c.actor, verdict.c.at).select_from(looks).where(*here).order_by(verdict.c.at.desc())
    times: dict[str, list[Micros]] = {}
    for row in connection.execute(latest.limit(_MOST)):
        times.setdefault(row.actor, []).append(row.at)
    found = [
        Pace(row.actor, row.name, row.images, seconds_each(times.get(row.actor, ())))
        for row in connection.execute(counted.group_by(verdict.c.actor, actors.c.name))
    ]
    return sorted(found, key=lambda pace: (-pace.images, pace.name))


def seconds_each(at: Sequence[Micros]) -> float | None:
    """The median from one image to the next, by when each was decided; None: too few to say.

    Of images that were decided together, as in the grid of twenty, each took its part of the time since the one before them.
    """
    together: list[list[Micros]] = []
    for one in sorted(at):
        if together and one - together[-1][-1] < _TOGETHER:
            together[-1].append(one)
        else:
            together.append([one])
    steps: list[float] = []
    for before, here in itertools.pairwise(together):
        took = here[0] - before[-1]
        if took <= _PAUSE:
            steps += [took / len(here)] * len(here)
    return median(steps) / SECOND if len(steps) >= _LEAST_PACES else None


def _overlooked(connection: Connection, blind: Sequence[Blind]) -> Share:
    said = store.of_predictions(connection, [one.prediction for one in blind])
    lines = {line.id: line for line in predictions.several(connection, [one.prediction for one in blind])}
    missed = there = 0
    for one in blind:
        true, line = said.get(one.prediction), lines.get(one.prediction)
        if true is None or line is None or true.status not in USABLE:
            continue
        known = _confirmed(line, true)
        there += len(known)
        missed += sum(_pairs([found], one.annotations) == 0 for found in known)
    return Share(missed, there)


def _confirmed(line: Logged, true: Verdict) -> list[object]:
    """What was answered and is there."""
    answered = line.answered if true.annotations and true.annotations[0].shape is not None else line.answered[:1]
    return [found for found in answered if _pairs([found], true.annotations)]


def _pairs(one: Sequence[object], other: Sequence[object]) -> int:
    """How many have their counterpart."""
    apart = disagreement(one, other)  # type: ignore[arg-type]
    return round((len(one) + len(other) - apart) / 2)
