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
    """A prediction that was drawn. `verdict` None: its image has left before anybody said something, or it was reopened.

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
    drawn = queue_rows.above(connection, deployment, since_seq)
    ids = [prediction for prediction, *_ in drawn]
    kept = {line.id: line.keep_probability for line in predictions.several(connection, ids)}
    said = store.of_predictions(connection, ids)
    return [
        Check(prediction, probability(size, tau) * kept[prediction], None if is_open else said.get(prediction))
        for prediction, size, tau, is_open in drawn
        if prediction in kept
    ]
