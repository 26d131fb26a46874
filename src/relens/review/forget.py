"""Forgets what people said of a prediction that is erased; that they said something stays in the history."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, update

from relens.assets import store as assets
from relens.kit import clock
from relens.predictions import signal_rows
from relens.predictions.logged import Logged
from relens.review import bulk_rows, look_rows, queue_rows, store
from relens.review.ask import forget as forget_question
from relens.review.settle import PIN


def forget(connection: Connection, logged: Logged) -> None:
    """The verdict is taken back, so that every number that rests on it follows; no annotation or reason stays."""
    store.hold_still(connection)
    said = store.get(connection, logged.id)
    if said is not None:
        taken_back = replace(said, status="pending", annotations=(), reason="", revision=said.revision + 1)
        store.keep(connection, replace(taken_back, seq=store.next_seq(connection), at=clock.now()))
        signal_rows.set_review(connection, logged.id, "pending")
        history = store.verdict_history
        connection.execute(update(history).where(history.c.prediction == logged.id).values(annotations=[], reason=""))
    forget_question(connection, logged)
    look_rows.forget(connection, logged.id)
    bulk_rows.forget(connection, [logged.id])
    assets.unpin(connection, PIN, logged.id)
    queue_rows.close(connection, [logged.id])
