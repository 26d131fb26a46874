"""Follows the prediction log and keeps every unsupervised metric's sums in step with it, each prediction counted once.

The cursor moves in the transaction that adds the sums, so a crash at any moment loses nothing and counts nothing twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from sqlalchemy import Connection

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.storage import NoBytes
from relens.kit.errors import Conflict
from relens.metrics.metric import State
from relens.monitoring import store, sums
from relens.monitoring.bucket import Bucket, Cell, Seen, bucket_of, states_of, summed
from relens.monitoring.fitted import Fitted, FittedReferences, UnreadableReference
from relens.monitoring.training_data import FittedReference, speaks_for
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.logged import Logged, read_columns
from relens.predictions.reading import Reading

logger = logging.getLogger("relens.monitoring")

Scores = Literal["fresh", "missing", "kept"]
"""Outlier scores computed anew for every line, only where the log has none, or taken as the log has them.

A distance may differ in its last bit with the lines computed beside it, so what is known is not computed again.
"""
CHUNK = 1024
"""Lines at once: each may get an outlier score, and as many rows change in one transaction."""
UNSCORED = 4096
"""The same where nothing is scored: the sums that change are as many for few lines as for many."""
LEAST = 64
"""Where few lines change many sums (many labels and sources), no more are read than a few transactions take."""
MOST_CELLS = 300
"""So many sums change in one transaction at most (about; one prediction is never split): 20 ms on SQLite."""


class BeingFilled(Conflict):
    """The sums of a reference are being made by its job."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run of log lines adds, computed outside of any transaction."""

    deployment: str
    after: int
    until: int
    references: frozenset[str]
    states: dict[Cell, State]
    outliers: dict[str, float]
    erased: int = 0
    """How many of the lines were tombstones then."""


class Projection:
    """`step` counts the next piece of the log. One thread follows; several servers may, the cursor decides who was first."""

    def __init__(self, database: Database, fitted: FittedReferences, reading: Reading | None = None) -> None:
        self._database = database
        self._fitted = fitted
        self._reading = reading or Reading()
        self._fitting: dict[str, int] = {}
        self._lock = threading.Lock()

    def step(self) -> bool:
        """Counts up to UNSCORED predictions of every deployment; True when there is more."""
        with self._lock:
            with self._database.read() as connection:
                known = deployments.all_of_them(connection, archived=True)
                cursors = store.cursors(connection)
            more = False
            for one in known:
                more |= self._follow(one, cursors.get(one.id, store.Cursor(0, False, sums.counted_as())))
            return more

    def caught_up(self, deployment_id: str) -> int | None:
        """The log position up to which everything is counted; None while something is not."""
        with self._database.read() as connection:
            cursor = store.cursors(connection).get(deployment_id, store.Cursor(0, False))
            behind = cursor.clearing or predictions.since(connection, cursor.log_seq, 1, deployment_id)
        return None if behind else cursor.log_seq

    def rebuild(self, deployment_id: str) -> None:
        """Takes all sums of a deployment away; the follower counts the log again from its start. Raises BeingFilled."""
        with self._lock:
            self._database.write(lambda connection: _start_over(connection, deployment_id))

    def _follow(self, deployment: Deployment, cursor: store.Cursor) -> bool:
        if cursor.clearing:
            return self._clear(deployment.id)
        with self._database.read() as connection:
            fitted = store.references(connection, deployment.id)
            limit = min(CHUNK if fitted else UNSCORED, max(LEAST, 4 * self._fitting.get(deployment.id, UNSCORED)))
            lines = self._reading.since(connection, cursor.log_seq, limit, deployment.id)
        if cursor.kinds != sums.counted_as() and not _filling(fitted):
            logger.info("%s: metrics are new or counted otherwise: the log is counted again", deployment.name)
            self._database.write(lambda connection: _start_over(connection, deployment.id))
            return True
        if not lines:
            return False
        read_columns(lines)
        piece = lines[: one_transaction(lines)]
        self._fitting[deployment.id] = len(piece)
        counted = self.count(deployment, piece, fitted, cursor.log_seq)
        self._database.write(partial(_add, counted=counted))
        # A few lines that came meanwhile can wait for more: the sums of many change as many rows.
        return len(lines) == limit or len(piece) < len(lines)

    def count(
        self, deployment: Deployment, lines: Sequence[Logged], fitted: Sequence[FittedReference], after: int
    ) -> Counted:
        """What these lines add to the sums, with outlier scores from the references that speak for them."""
        seen = self.seen(lines, fitted, "missing")
        states = states_of(seen, deployment.task, summed(None, deployment.task))
        outliers = {one.line.id: one.outlier for one in seen if one.outlier is not None and one.line.outlier is None}
        erased = sum(line.erased for line in lines)
        return Counted(deployment.id, after, lines[-1].log_seq, usable(fitted), states, outliers, erased)

    def seen(self, lines: Sequence[Logged], fitted: Sequence[FittedReference], scores: Scores) -> list[Seen]:
        """Each line with the reference that speaks for it and its outlier score, in the order of `lines`."""
        if not fitted:
            return [Seen(line, None, None, False) for line in lines]
        by_reference: dict[str, list[int]] = {}
        rows: list[FittedReference | None] = [speaks_for(fitted, line.model_version, line.log_seq) for line in lines]
        for i, row in enumerate(rows):
            by_reference.setdefault(row.id if row else "", []).append(i)
        seen: list[Seen] = [Seen(line, None, None, False) for line in lines]
        for reference_id, places in by_reference.items():
            if not reference_id:
                continue
            try:
                numbers = self._fitted.get(reference_id)
            except (NoBytes, UnreadableReference):
                logger.exception(
                    "reference %s cannot be read: its predictions stay without outlier score", reference_id
                )
                continue
            own = [_own(rows[i], lines[i]) for i in places]
            these = [lines[i] for i in places]
            found = _scores(numbers, these, own, scores)
            rows_of = numbers.numbers(these, own)
            for i, mine, score, of_reference in zip(places, own, found, rows_of, strict=True):
                seen[i] = Seen(lines[i], numbers.reference, score, mine, of_reference)
        return seen

    def _clear(self, deployment_id: str) -> bool:
        def take_away(connection: Connection) -> None:
            if store.lock_cursor(connection, deployment_id).clearing and not sums.clear_some(connection, deployment_id):
                store.move_cursor(connection, deployment_id, 0)

        self._database.write(take_away)
        return True


def one_transaction(lines: Sequence[Logged]) -> int:
    """How many of the first lines change about MOST_CELLS sums together; at least one."""
    said = set[str]().union(*(line.columns.labels for line in lines))
    if len({bucket_of(line) for line in lines}) * (6 + 3 * len(said)) <= MOST_CELLS:
        return len(lines)
    labels: dict[Bucket, set[str]] = {}
    cells = 0
    for i, line in enumerate(lines):
        bucket = bucket_of(line)
        if bucket not in labels:
            labels[bucket] = set()
            cells += 6
        fresh = {*line.columns.above(line.threshold).labels} - labels[bucket]
        labels[bucket] |= fresh
        cells += 3 * len(fresh)
        if cells > MOST_CELLS and i:
            return i
    return len(lines)


def _add(connection: Connection, counted: Counted) -> bool:
    """False when somebody else was first, or a reference arrived or a line was erased in between: nothing is written, the next step looks again."""
    if store.lock_cursor(connection, counted.deployment)[:2] != (counted.after, False):
        return False
    if usable(store.references(connection, counted.deployment)) != counted.references:
        return False
    if predictions.erased_between(connection, counted.deployment, counted.after, counted.until) != counted.erased:
        return False
    sums.add_states(connection, counted.deployment, counted.states)
    signal_rows.set_outliers(connection, counted.outliers)
    store.move_cursor(connection, counted.deployment, counted.until)
    return True


def _start_over(connection: Connection, deployment_id: str) -> None:
    """Outlier scores that are known stay as they are."""
    store.lock_cursor(connection, deployment_id)
    if _filling(store.references(connection, deployment_id)):
        raise BeingFilled("earlier predictions are being compared with new training data: rebuild when that is done")
    store.move_cursor(connection, deployment_id, 0, clearing=True, kinds=sums.counted_as())
    sums.disturb(connection)


def _filling(fitted: Sequence[FittedReference]) -> bool:
    return any(one.state == "filling" for one in fitted)


def _scores(numbers: Fitted, lines: Sequence[Logged], own: Sequence[bool], wanted: Scores) -> list[float | None]:
    known: list[float | None] = [line.outlier for line in lines]
    if wanted == "kept":
        return known
    places = [i for i, score in enumerate(known) if score is None or wanted == "fresh"]
    computed = numbers.scores([lines[i] for i in places], [own[i] for i in places])
    for i, score in zip(places, computed, strict=True):
        known[i] = score
    return known


def usable(fitted: Sequence[FittedReference]) -> frozenset[str]:
    """The ids of the references that speak for predictions."""
    return frozenset(one.id for one in fitted if one.state in ("filling", "ready"))


def _own(fitted: FittedReference | None, line: Logged) -> bool:
    return fitted is not None and fitted.model_version == line.model_version
