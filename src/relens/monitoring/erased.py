"""Takes what a prediction said out of the sums when a person erases it; that it was made stays counted, as a recount of the log would have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from relens.deployments import store as deployments
from relens.metrics.metric import State
from relens.monitoring import store, sums
from relens.monitoring.bucket import Cell, states_of, summed
from relens.monitoring.fill import compared
from relens.monitoring.project import Projection
from relens.monitoring.training_data import FittedReference, speaks_for
from relens.predictions import store as predictions
from relens.predictions.logged import ERASED, Logged


class ErasedSums:
    """Its `forget` belongs into the transaction that erases."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def forget(self, connection: Connection, line: Logged) -> None:
        """Of the prediction and its shadows; what is not counted yet will be counted as the tombstone it becomes."""
        cursor = store.lock_cursor(connection, line.deployment)
        if cursor.clearing:
            return
        task = deployments.get(connection, line.deployment).task
        fitted = store.references(connection, line.deployment)
        for one in (line, *predictions.shadows_of(connection, line.id)):
            if one.log_seq <= cursor.log_seq:
                sums.add_states(connection, line.deployment, self._change(task, one, fitted))
                sums.disturb(connection)

    def _change(self, task: str, line: Logged, fitted: Sequence[FittedReference]) -> dict[Cell, State]:
        metrics = summed(None, task)
        row = speaks_for(fitted, line.model_version, line.log_seq)
        if row is not None and row.state == "filling" and row.filled_seq < line.log_seq:
            # Not compared with that reference yet; what an earlier one said of it goes when the filling is done.
            metrics = {name: metric for name, metric in metrics.items() if name not in compared(task)}
        before = states_of(self._projection.seen([line], fitted, "kept"), task, metrics)
        after = states_of(self._projection.seen([_blank(line)], fitted, "kept"), task, metrics)
        change: dict[Cell, State] = {cell: -state for cell, state in before.items()}
        for cell, state in after.items():
            change[cell] = change[cell] + state if cell in change else state
        return change


def _blank(line: Logged) -> Logged:
    """The tombstone, as the log has it from now on."""
    return replace(
        line, source=None, tags=(), metadata={}, detections=(), scalars=None, feature=None, keep_reason=ERASED
    )
