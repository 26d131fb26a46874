"""Lines up predictions for review: a follower of the log, so the queue is ready within a moment of the answer and a crash loses nothing."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import HOUR
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.keep import NOT_KEPT
from relens.predictions.logged import ERASED, Logged
from relens.predictions.reading import Reading
from relens.review import bulk_rows, disputed_rows, queue_rows, store
from relens.review.chance import Scale, priority
from relens.review.disagreement import disagreement
from relens.review.disputed_rows import Disputed
from relens.review.habits import habits_of
from relens.review.residuals import Residual, Residuals
from relens.review.sampler import Sampled, samplers
from relens.review.unseen_rows import Unseen, count_unseen
from relens.vision.task import TASKS

_READ = 1024
_AT_ONCE = 256
"""So many lines are read, and so many images queued, in one step."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Lines of the log that a person could look at, with the residual and the priority each gets, and what goes with them.

    `twins`: those whose very image was reviewed before, with the prediction it was reviewed with. `reviews`: the last one there was then.
    """

    lines: Sequence[Logged]
    reviews: int
    residuals: Mapping[str, float]
    priorities: Mapping[str, float]
    twins: Mapping[str, str]
    disputed: Sequence[Disputed]
    unseen: Mapping[Unseen, int]


class Lineup:
    """Keeps the queue in step with the log; bootstrap runs `step` in a follower."""

    def __init__(self, database: Database, reading: Reading | None = None) -> None:
        self._database = database
        self._reading = reading or Reading()
        self._residuals = Residuals()
        self._one_at_a_time = threading.Lock()

    def catch_up(self, seconds: float = 0.3) -> None:
        """Who asks for the queue right after an answer finds it there; a long log is not waited for beyond `seconds`."""
        began = clock.stopwatch()
        while self.step() and clock.stopwatch() - began < seconds:
            pass

    def step(self) -> bool:
        """Queues the next predictions of the log, or ranks waiting ones anew; True when there may be more."""
        with self._one_at_a_time:
            return self._queue() or self._rank_anew()

    def _queue(self) -> bool:
        with self._database.read() as connection:
            after = queue_rows.cursor(connection)
            fresh = self._reading.since(connection, after, _READ)
            if not fresh:
                return False
            shown = with_images(connection, [one for one in fresh if one.error is None and one.role != "shadow"])
            last = shown[_AT_ONCE].log_seq - 1 if len(shown) > _AT_ONCE else fresh[-1].log_seq
            arrived = self._arrived(connection, _up_to(last, fresh), _up_to(last, shown))
        self._database.write(lambda connection: _enter(connection, arrived, after, last))
        return len(fresh) == _READ or last < fresh[-1].log_seq

    def _arrived(self, connection: Connection, fresh: Sequence[Logged], shown: Sequence[Logged]) -> Arrived:
        known = {one.id: one for one in deployments.all_of_them(connection, archived=True)}
        answers = [one for one in fresh if one.error is None and one.deployment in known]
        served = [one for one in answers if one.role != "shadow"]
        lines = [one for one in shown if one.deployment in known]
        residual = {
            one: self._residuals.of(connection, known[one]) for one in sorted({line.deployment for line in lines})
        }
        return Arrived(
            lines,
            store.last_seq(connection),
            _residuals(lines, residual),
            _priorities(lines, known),
            _twins(connection, lines),
            _disputed(connection, [one for one in answers if one.role == "shadow" and one.parent is not None]),
            Counter(_unseen(one) for one in served if one.keep_probability <= 0),
        )

    def _rank_anew(self) -> bool:
        """Where another sampler was chosen, what waits gets its priorities from that one, some hundred at a time."""
        with self._database.read() as connection:
            known = {one.id: one for one in deployments.all_of_them(connection, archived=True)}
            for ranking in queue_rows.rankings(connection):
                deployment = known.get(ranking.deployment)
                if deployment is None:
                    continue
                sampler = habits_of(deployment.settings).sampler
                done = 0 if sampler != ranking.sampler else ranking.ranked_seq
                if done is None:
                    continue
                ids, last = queue_rows.waiting_after(connection, deployment.id, done, _AT_ONCE)
                lines = predictions.several(connection, ids)
                break
            else:
                return False
        priorities = _priorities(lines, known)
        until = last if len(ids) == _AT_ONCE else None

        def write(connection: Connection) -> None:
            signal_rows.set_priorities(connection, priorities)
            queue_rows.set_ranked(connection, deployment.id, sampler, until)

        self._database.write(write)
        return True


def _up_to(last: int, lines: Sequence[Logged]) -> list[Logged]:
    return [line for line in lines if line.log_seq <= last]


def with_images(connection: Connection, lines: Sequence[Logged]) -> list[Logged]:
    """Without its image nobody can say what is true."""
    kept = [logged for logged in lines if logged.keep_reason not in NOT_KEPT]
    gone = assets.gone(connection, [logged.asset for logged in kept])
    return [logged for logged in kept if logged.asset not in gone]


def sampled(logged: Logged, deployment: Deployment) -> Sampled:
    """A prediction as samplers see it."""
    return Sampled(logged.id, logged.detections, logged.threshold, _whole_image(deployment.task), logged.outlier)


@functools.cache
def _whole_image(task: str) -> bool:
    """Looked up once, because looking for plug-ins takes a tenth of a millisecond."""
    return TASKS.get(task).whole_image


def _residuals(lines: Sequence[Logged], residual: Mapping[str, Residual]) -> dict[str, float]:
    return {line.id: residual[line.deployment](line.detections) for line in lines}


def _priorities(lines: Sequence[Logged], known: Mapping[str, Deployment]) -> dict[str, float]:
    rank = {
        one: samplers.get(habits_of(known[one].settings).sampler).priority
        for one in {line.deployment for line in lines}
    }
    return {line.id: rank[line.deployment](sampled(line, known[line.deployment])) for line in lines}


def _twins(connection: Connection, lines: Sequence[Logged]) -> dict[str, str]:
    twins: dict[str, str] = {}
    for deployment in sorted({line.deployment for line in lines}):
        its = [line for line in lines if line.deployment == deployment]
        said = store.of_assets(connection, deployment, sorted({line.asset for line in its}))
        settled = {asset: [one for one in some if one.status != "pending"] for asset, some in said.items()}
        for line in its:
            there = settled.get(line.asset) or []
            unseen = bulk_rows.unseen(connection, there) if there else set()
            if looked := [one for one in there if one.prediction not in unseen]:
                twins[line.id] = looked[-1].prediction
    return {line: twin for line, twin in twins.items() if line != twin}


def _disputed(connection: Connection, shadows: Sequence[Logged]) -> list[Disputed]:
    answered = {
        line.id: line for line in predictions.several(connection, [one.parent for one in shadows if one.parent])
    }
    return [
        Disputed(one.parent, one.model_version or "", disagreement(answered[one.parent].answered, one.answered))
        for one in shadows
        if one.parent in answered
    ]


def _unseen(line: Logged) -> Unseen:
    hour = line.taken_at - line.taken_at % HOUR
    return Unseen(line.deployment, hour, line.source or "", line.model_version or "", line.role)


def _enter(connection: Connection, arrived: Arrived, after: int, log_seq: int) -> None:
    if not queue_rows.move_cursor(connection, after, log_seq):
        return  # another server queued them: an image counts once towards the scale
    store.hold_still(connection)
    lines, waits = _as_things_are(connection, arrived.lines)
    twins = arrived.twins if store.last_seq(connection) == arrived.reviews else _twins(connection, lines)
    scales = queue_rows.scales(connection, sorted({logged.deployment for logged in lines}))
    rows: list[dict[str, object]] = []
    for logged in lines:
        scale, doubt = scales.get(logged.deployment, Scale()), arrived.residuals[logged.id]
        # By the images before it alone, and for good: a size that followed later reviews would bend the probabilities.
        size = scale.size(doubt)
        scales[logged.deployment] = scale.and_one(doubt)
        twin = twins.get(logged.id) if logged.id in waits else None
        rows.append(
            {
                "prediction": logged.id,
                "deployment": logged.deployment,
                "log_seq": logged.log_seq,
                "open": logged.id in waits and twin is None,
                "size": size,
                # By the client's own name for it, where there is one: the same traffic then gives the same random checks.
                "chance": priority(size, logged.client_id or logged.id),
                "twin": twin,
            }
        )
    queue_rows.put(connection, rows, scales)
    disputed_rows.dispute(connection, arrived.disputed)
    count_unseen(connection, arrived.unseen)
    ranks = {logged.id: arrived.priorities[logged.id] for logged in lines if logged.id not in twins}
    signal_rows.set_priorities(connection, ranks)


def _as_things_are(connection: Connection, lines: Sequence[Logged]) -> tuple[list[Logged], set[str]]:
    """Those that are not erased, and which of them a person is to look at: much may have happened since they were read.

    Who reviewed or erased one meanwhile, or let its image go, found nothing in the queue to close. What was reviewed with many others, unseen, waits to be checked.
    """
    states = signal_rows.states(connection, [one.log_seq for one in lines])
    settled = [one for one, state in states.items() if state not in ("pending", ERASED)]
    unseen = bulk_rows.unseen(connection, list(store.of_predictions(connection, settled).values()))
    waits = {one for one, state in states.items() if state == "pending"} | unseen
    gone = assets.gone_and_locked(connection, sorted({one.asset for one in lines if one.id in waits}))
    waits -= {one.id for one in lines if one.asset in gone}
    return [one for one in lines if states[one.id] != ERASED], waits
