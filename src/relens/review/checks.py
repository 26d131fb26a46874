"""The random checks as a sample of the traffic: each with the probability with which it came to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from relens.predictions import store as predictions
from relens.review import queue_rows, store
from relens.review.chance import probability
from relens.review.verdict import Status, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """A prediction that was drawn. `verdict` None: it was reopened and waits, or was erased.

    `probability` is that of being drawn, times that of the image having been kept.
    """

    prediction: str
    probability: float
    verdict: Verdict | None

    @property
    def status(self) -> Status:
        return self.verdict.status if self.verdict else "pending"


def checks(connection: Connection, deployment: str, since_seq: int = 0) -> list[Check]:
    """Those of a deployment (by id) that arrived after `since_seq` of the log. Weights are 1 / probability.

    Skipped and unresolved ones are among them: whoever estimates from the others alone must widen the interval by their share.
    """
    drawn = queue_rows.drawn(connection, deployment, since_seq)
    kept = {
        line.id: line.keep_probability for line in predictions.several(connection, [row.prediction for row, _ in drawn])
    }
    said = store.of_predictions(connection, [row.twin or row.prediction for row, _ in drawn])
    return [
        Check(
            row.prediction,
            probability(row.size, tau) * kept[row.prediction],
            None if row.open else said.get(row.twin or row.prediction),
        )
        for row, tau in drawn
        if row.prediction in kept
    ]
