"""Scores and counts the predictions that were logged before a reference was fitted: a scan of what the log kept of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.metrics.metric import METRICS, Summed
from relens.monitoring import store, sums
from relens.monitoring.bucket import states_of, summed
from relens.monitoring.project import CHUNK, Counted, Projection, one_transaction, usable
from relens.monitoring.training_data import FittedReference, speaks_for
from relens.predictions import signal_rows
from relens.predictions import store as predictions


def fill(
    database: Database,
    projection: Projection,
    deployment: Deployment,
    reference_id: str,
    progress: Callable[[int, int], None],
) -> None:
    """Goes on where it stopped; `progress(done, total)` in log positions may raise to stop it here."""
    while True:
        with database.read() as connection:
            row = store.get_reference(connection, reference_id)
            if row is None or row.state != "filling":
                return
            lines = predictions.since(connection, row.filled_seq, CHUNK, deployment.id)
            fitted = store.references(connection, deployment.id)
        progress(row.filled_seq, row.ready_seq)
        lines = [line for line in lines if line.log_seq <= row.ready_seq]
        if not lines:
            database.write(lambda connection: _finish(connection, reference_id))
            return
        lines = lines[: one_transaction(lines)]
        mine = [line for line in lines if _speaks(fitted, line.model_version, line.log_seq, reference_id)]
        seen = projection.seen(mine, fitted, "fresh")
        states = states_of(seen, deployment.task, compared(deployment.task))
        outliers = {one.line.id: one.outlier for one in seen if one.outlier is not None}
        erased = sum(line.erased for line in lines)
        piece = Counted(deployment.id, row.filled_seq, lines[-1].log_seq, usable(fitted), states, outliers, erased)
        database.write(partial(_add, reference_id=reference_id, piece=piece))


def compared(task: str) -> dict[str, Summed]:
    """The metrics that depend on a reference."""
    return {name: metric for name, metric in summed(None, task).items() if metric.needs == "training data"}


def _speaks(fitted: list[FittedReference], model_version: str | None, log_seq: int, reference_id: str) -> bool:
    row = speaks_for(fitted, model_version, log_seq)
    return row is not None and row.id == reference_id


def _add(connection: Connection, reference_id: str, piece: Counted) -> None:
    """Writes nothing when a rebuild or another server has been here, a reference arrived or a line was erased; the loop then looks again."""
    store.lock_cursor(connection, piece.deployment)  # as who erases does: that is either before this or after it
    row = store.lock_reference(connection, reference_id)
    if row is None or row.state != "filling" or row.filled_seq != piece.after:
        return
    if usable(store.references(connection, piece.deployment)) != piece.references:
        return
    if predictions.erased_between(connection, piece.deployment, piece.after, piece.until) != piece.erased:
        return
    sums.add_states(connection, piece.deployment, piece.states)
    sums.disturb(connection)
    signal_rows.set_outliers(connection, piece.outliers)
    store.change_reference(connection, reference_id, filled_seq=piece.until)


def _finish(connection: Connection, reference_id: str) -> None:
    row = store.lock_reference(connection, reference_id)
    if row is None or row.state != "filling":
        return
    names = [name for name, metric in METRICS if metric.needs == "training data"]
    sums.forget_superseded(connection, row, names)
    sums.disturb(connection)
    store.change_reference(connection, reference_id, state="ready", filled_seq=row.ready_seq, message="")
