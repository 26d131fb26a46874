"""The review queue: which pending predictions a person should look at next.

Two lanes are mixed: random checks, which speak for all traffic, and hard cases, which a model learns most from. Predictions enter
through a follower of the log, so the queue is ready within a moment of the answer and a crash loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.predictions import store as predictions
from relens.predictions.browse import Filter, page
from relens.predictions.keep import NOT_KEPT
from relens.predictions.logged import Logged
from relens.review import queue_rows
from relens.review.chance import Scale, priority, residual
from relens.review.diversity import unlike
from relens.review.habits import Habits
from relens.review.queue_rows import Lane
from relens.review.sampler import Sampled, samplers
from relens.vision.task import TASKS

HOLD_S = 600
"""How long what somebody was given is offered to nobody else."""
_AT_ONCE = 256
_POOL = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """A prediction to look at, and the lane that chose it."""

    logged: Logged
    lane: Lane


class Lineup:
    """Keeps the queue in step with the log; bootstrap runs `step` in a follower."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = threading.Lock()

    def catch_up(self, seconds: float = 0.3) -> None:
        """Who asks for the queue right after an answer finds it there; a long log is not waited for beyond `seconds`."""
        began = clock.stopwatch()
        while self.step() and clock.stopwatch() - began < seconds:
            pass

    def step(self) -> bool:
        """Queues the next predictions of the log; True when there may be more."""
        with self._one_at_a_time:
            return self._step()

    def _step(self) -> bool:
        with self._database.read() as connection:
            after = queue_rows.cursor(connection)
            fresh = predictions.since(connection, after, _AT_ONCE)
            known = {one.id: one for one in deployments.all_of_them(connection)} if fresh else {}
            here = _with_images(connection, fresh)
        if not fresh:
            return False
        reviewable = [
            logged for logged in here if logged.role != "shadow" and logged.error is None and logged.deployment in known
        ]
        doubt = samplers.get("uncertainty").priority
        doubts = {logged.id: doubt(_sampled(logged, known[logged.deployment])) for logged in reviewable}
        self._database.write(lambda connection: _enter(connection, reviewable, doubts, after, fresh[-1].log_seq))
        return len(fresh) == _AT_ONCE


def _enter(
    connection: Connection, lines: Sequence[Logged], doubts: Mapping[str, float], after: int, log_seq: int
) -> None:
    if not queue_rows.move_cursor(connection, after, log_seq):
        return  # another server queued them: an image counts once towards the scale
    scales = queue_rows.scales(connection, sorted({logged.deployment for logged in lines}))
    rows: list[dict[str, object]] = []
    for logged in lines:
        scale, doubt = scales.get(logged.deployment, Scale()), residual(logged.detections)
        # By the images before it alone, and for good: a size that followed later reviews would bend the probabilities.
        size = scale.size(doubt)
        scales[logged.deployment] = scale.and_one(doubt)
        rows.append(
            {
                "prediction": logged.id,
                "deployment": logged.deployment,
                "log_seq": logged.log_seq,
                "open": logged.review == "pending",
                "size": size,
                "chance": priority(size, logged.id),
            }
        )
    queue_rows.put(connection, rows, scales)
    predictions.set_priorities(connection, doubts)


def choose(
    connection: Connection,
    deployment: Deployment,
    limit: int,
    habits: Habits,
    actor: str = "",
    now: int = 0,
) -> list[Chosen]:
    """The next `limit` predictions to review, each image once and none that another person holds; the same until one is settled."""
    in_chance = queue_rows.by_chance(connection, deployment.id, limit * 2, actor, now)
    random = iter(_with_images(connection, predictions_in_order(connection, in_chance)))
    hard = iter(_hardest(connection, deployment, limit, habits.sampler, actor, now))
    lanes: tuple[tuple[Lane, Iterable[Logged]], ...] = (("random checks", random), ("hard cases", hard))
    chosen: list[Chosen] = []
    seen: set[str] = set()
    for place in range(limit):
        wants_random = int((place + 1) * habits.random_share) > int(place * habits.random_share)
        for lane, waiting in lanes if wants_random else lanes[::-1]:
            logged = next((one for one in waiting if one.asset not in seen), None)
            if logged is not None:
                seen.add(logged.asset)
                chosen.append(Chosen(logged, lane))
                break
    return chosen


def give_out(connection: Connection, chosen: Sequence[Chosen], actor: str, now: int) -> list[Chosen]:
    """Those of `chosen` that are `actor`'s for the next ten minutes: another may have been quicker. Keeps which lane chose each first."""
    mine = queue_rows.hold(connection, [one.logged.id for one in chosen], actor, now + HOLD_S * SECOND, now)
    given = [one for one in chosen if one.logged.id in mine]
    for lane in ("random checks", "hard cases"):
        queue_rows.mark(connection, lane, [one.logged.id for one in given if one.lane == lane], now)
    return given


def predictions_in_order(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """The predictions of `ids`, in that order; those erased meanwhile are left out."""
    found = {logged.id: logged for logged in predictions.several(connection, ids)}
    return [found[one] for one in ids if one in found]


def _hardest(
    connection: Connection, deployment: Deployment, limit: int, sampler: str, actor: str, now: int
) -> list[Logged]:
    """Of the most doubtful and the strangest, by what is known of them now (outlier scores come after the queueing), unlike ones."""
    doubtful = predictions.queue(connection, deployment.id, limit * _POOL)
    strange, _ = page(connection, deployment.id, Filter(review="pending"), "-outlier", max(1, limit // _POOL), None)
    pool = {logged.id: logged for logged in _with_images(connection, [*doubtful, *strange])}
    taken = queue_rows.held(connection, list(pool), actor, now)
    rank = samplers.get(sampler).priority
    ranked = sorted(
        (logged for logged in pool.values() if logged.id not in taken),
        key=lambda logged: (-rank(_sampled(logged, deployment)), logged.id),
    )
    return unlike(ranked[: limit * _POOL], limit)


def _with_images(connection: Connection, lines: Sequence[Logged]) -> list[Logged]:
    """Without its image nobody can say what is true."""
    gone = assets.gone(connection, [logged.asset for logged in lines])
    return [logged for logged in lines if logged.asset not in gone and logged.keep_reason not in NOT_KEPT]


def _sampled(logged: Logged, deployment: Deployment) -> Sampled:
    whole_image = TASKS.get(deployment.task).whole_image
    return Sampled(logged.id, logged.detections, logged.threshold, whole_image, logged.outlier)
