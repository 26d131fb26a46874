"""The review queue: which pending predictions a person should look at next.

Two lanes are mixed: random checks, which speak for all traffic, and hard cases, which a model learns most from. Predictions enter
through a follower of the log, so the queue is ready within a moment of the answer and a crash loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.predictions import store as predictions
from relens.predictions.browse import Filter, page
from relens.predictions.keep import FAIR, NOT_KEPT
from relens.predictions.logged import Logged
from relens.review import queue_rows
from relens.review.queue_rows import Lane
from relens.review.sampler import Sampled, samplers
from relens.vision.task import TASKS

RANDOM_SHARE = 0.5
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

    def step(self) -> bool:
        """Queues the next predictions of the log; True when there may be more."""
        with self._database.read() as connection:
            fresh = predictions.since(connection, queue_rows.cursor(connection), _AT_ONCE)
            known = {one.id: one for one in deployments.all_of_them(connection)} if fresh else {}
            here = _with_images(connection, fresh)
        if not fresh:
            return False
        reviewable = [logged for logged in here if logged.role != "shadow" and logged.deployment in known]
        samples = {logged.id: _sampled(logged, known[logged.deployment]) for logged in reviewable}
        doubts = {prediction: samplers.get("uncertainty").priority(sampled) for prediction, sampled in samples.items()}
        rows = [
            {
                "prediction": logged.id,
                "deployment": logged.deployment,
                "open": logged.review == "pending",
                # Kept because it stands out, not by the draw: it speaks for itself only.
                "chance": samplers.get("random").priority(samples[logged.id])
                if logged.keep_reason in FAIR
                else queue_rows.NEVER,
            }
            for logged in reviewable
        ]
        self._database.write(lambda connection: _enter(connection, rows, doubts, fresh[-1].log_seq))
        return len(fresh) == _AT_ONCE


def _enter(connection: Connection, rows: Sequence[dict[str, object]], doubts: dict[str, float], log_seq: int) -> None:
    queue_rows.put(connection, rows)
    predictions.set_priorities(connection, doubts)
    queue_rows.move_cursor(connection, log_seq)


def choose(
    connection: Connection, deployment: Deployment, limit: int, random_share: float = RANDOM_SHARE
) -> list[Chosen]:
    """The next `limit` predictions to review, each image once; the same until one of them is settled."""
    random = iter(_with_images(connection, _in_chance(connection, deployment, limit * 2)))
    hard = iter(_hardest(connection, deployment, limit))
    lanes: tuple[tuple[Lane, Iterable[Logged]], ...] = (("random checks", random), ("hard cases", hard))
    chosen: list[Chosen] = []
    seen: set[str] = set()
    for place in range(limit):
        wants_random = int((place + 1) * random_share) > int(place * random_share)
        for lane, waiting in lanes if wants_random else lanes[::-1]:
            logged = next((one for one in waiting if one.asset not in seen), None)
            if logged is not None:
                seen.add(logged.asset)
                chosen.append(Chosen(logged, lane))
                break
    return chosen


def remember_lanes(connection: Connection, chosen: Sequence[Chosen]) -> None:
    """Keeps which lane chose each of them first."""
    for lane in ("random checks", "hard cases"):
        queue_rows.mark(connection, lane, [one.logged.id for one in chosen if one.lane == lane], clock.now())


def predictions_in_order(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """The predictions of `ids`, in that order; those erased meanwhile are left out."""
    found = {logged.id: logged for logged in predictions.several(connection, ids)}
    return [found[one] for one in ids if one in found]


def _hardest(connection: Connection, deployment: Deployment, limit: int) -> list[Logged]:
    """The most doubtful and the strangest, in the order of what is known of them now (outlier scores come after the queueing)."""
    doubtful = predictions.queue(connection, deployment.id, limit * _POOL)
    strange, _ = page(connection, deployment.id, Filter(review="pending"), "-outlier", limit, None)
    pool = {logged.id: logged for logged in _with_images(connection, [*doubtful, *strange])}
    rank = samplers.get("uncertainty").priority
    return sorted(pool.values(), key=lambda logged: (-rank(_sampled(logged, deployment)), logged.id))


def _in_chance(connection: Connection, deployment: Deployment, limit: int) -> list[Logged]:
    return predictions_in_order(connection, queue_rows.by_chance(connection, deployment.id, limit))


def _with_images(connection: Connection, lines: Sequence[Logged]) -> list[Logged]:
    """Without its image nobody can say what is true."""
    gone = assets.gone(connection, [logged.asset for logged in lines])
    return [logged for logged in lines if logged.asset not in gone and logged.keep_reason not in NOT_KEPT]


def _sampled(logged: Logged, deployment: Deployment) -> Sampled:
    whole_image = TASKS.get(deployment.task).whole_image
    return Sampled(logged.id, logged.detections, logged.threshold, whole_image, logged.outlier)
