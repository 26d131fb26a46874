"""Hard cases: what the deployment's sampler ranks highest, where a shadow disagrees first, and of it images unlike each other.

Nothing is shown that looks like what was reviewed lately or is in somebody's hands. Scenes that random checks may make test images of are
passed over while there are others: to learn from one image of a scene and to be tested on the next would be no test.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments.deployment import Deployment
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.browse import Filter, page
from relens.predictions.keep import UNUSUAL_FROM
from relens.predictions.logged import Logged
from relens.review import disputed_rows, queue_rows, store
from relens.review.assigned import Offered
from relens.review.diversity import unlike
from relens.review.lineup import sampled, with_images
from relens.review.looks import Looks
from relens.review.quotas import MOST_STRANGE, Case, pick
from relens.review.sampler import samplers
from relens.review.scene import may_be_tested

_POOL = 5
_FOUND = 2 * _POOL
"""As many again as are ranked: half of the scenes may be kept for testing."""
_OTHERS = 10
"""So many times as many are looked through where rules say who reviews what."""
_REVIEWED = 200
_NEARLY = 0.5
"""Of the threshold: a label said that surely is nearly an answer."""


class Asked(NamedTuple):
    """How many hard cases, ranked by which sampler, for whom and when; only of what that person is offered."""

    limit: int
    sampler: str
    actor: str
    now: int
    offered: Offered


def hardest(
    connection: Connection, deployment: Deployment, asked: Asked, shown: Looks, images: Collection[str] = ()
) -> list[Logged]:
    """At most `asked.limit` of them, unlike `shown`: what is shown beside them (`images`) or held by others."""
    disputed = (
        disputed_rows.disputed(
            connection, deployment.id, deployment.shadow, asked.limit * _FOUND, asked.actor, asked.now
        )
        if deployment.shadow
        else {}
    )
    pool = [line for line in _pool(connection, deployment, asked, list(disputed)) if line.asset not in images]
    rank = samplers.get(asked.sampler).priority
    priorities = {line.id: rank(sampled(line, deployment)) for line in pool}
    ranked = sorted(pool, key=lambda line: (-disputed.get(line.id, 0.0), -priorities[line.id], line.id))
    if len(learned := [line for line in ranked if not may_be_tested(line)]) >= asked.limit:
        ranked = learned
    reviewed = store.latest(connection, deployment.id, _REVIEWED)
    fresh = _unseen(connection, ranked, [one.asset for one in reviewed], shown)[: asked.limit * _POOL]
    known = predictions.vectors(connection, [one.prediction for one in reviewed])
    first = [line for line in fresh if line.id in disputed]
    rest = [line for line in fresh if line.id not in disputed]
    order = [*unlike(first, asked.limit, known), *unlike(rest, asked.limit, [*known, *first])]
    cases = [_case(line) for line in order]
    counts = store.label_counts(connection, deployment.id)
    return [order[place] for place in pick(cases, asked.limit, counts, deployment.labels)]


def _pool(connection: Connection, deployment: Deployment, asked: Asked, disputed: Sequence[str]) -> list[Logged]:
    """What is disputed, what has the highest priorities, and some of the strangest (outlier scores come after the queueing)."""
    taken = len(queue_rows.held(connection, deployment.id, asked.actor, asked.now))
    wide = 1 if asked.offered.everything else _OTHERS
    doubtful = signal_rows.queue(connection, deployment.id, asked.limit * _FOUND * wide + taken)
    most = max(1, asked.limit // MOST_STRANGE)
    strange, _ = page(connection, deployment.id, Filter(review="pending"), "-outlier", most, None)
    found = {line.id: line for line in (*predictions.several(connection, disputed), *doubtful, *strange)}
    free = queue_rows.free(connection, list(found), asked.actor, asked.now)
    return asked.offered.of(connection, with_images(connection, [line for line in found.values() if line.id in free]))


def _unseen(
    connection: Connection, ranked: Sequence[Logged], reviewed: Sequence[str | None], shown: Looks
) -> list[Logged]:
    """Each look once, the highest in rank."""
    wanted = sorted({line.asset for line in ranked} | {one for one in reviewed if one is not None})
    prints = {asset: one.fingerprint for asset, one in assets.several(connection, wanted).items()}
    seen = Looks(prints[one] for one in reviewed if one is not None and one in prints)
    images: set[str] = set()
    found: list[Logged] = []
    for line in ranked:
        mark = prints.get(line.asset, "")
        if line.asset in images or seen.near(mark) or shown.near(mark):
            continue
        images.add(line.asset)
        seen.add(mark)
        found.append(line)
    return found


def _case(line: Logged) -> Case:
    said = {found.label for found in line.detections if found.confidence >= line.threshold * _NEARLY}
    return Case(frozenset(said), line.source, line.outlier is not None and line.outlier >= UNUSUAL_FROM)
