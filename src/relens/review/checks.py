"""The random checks as a sample of the traffic: each with the probability with which it came to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from relens.predictions import store as predictions
from relens.review import check_rows, store
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


class Drawn(NamedTuple):
    """A random check without what was said: `reviewed` is the prediction it was said of (another one on the same image, or itself).

    `seq` numbers that verdict's latest change; `status` "pending": it was reopened and waits, or was erased.
    """

    prediction: str
    probability: float
    reviewed: str
    seq: int
    status: Status


def sample(connection: Connection, deployment: str, since_seq: int = 0) -> list[Drawn]:
    """The random checks of a deployment (by id) that arrived after `since_seq` of the log. Weights are 1 / probability."""
    rows = check_rows.reviewed(connection, deployment, since_seq)
    kept = predictions.keep_probabilities(connection, [row.prediction for row, _ in rows])
    return [
        Drawn(
            row.prediction,
            probability(row.size, tau) * kept[row.prediction],
            row.twin or row.prediction,
            row.seq,
            "pending" if row.open else row.status,
        )
        for row, tau in rows
        if kept.get(row.prediction)
    ]


def checks(connection: Connection, deployment: str, since_seq: int = 0) -> list[Check]:
    """The same with what was said.

    Skipped and unresolved ones are among them: whoever estimates from the others alone must widen the interval by their share.
    """
    found = sample(connection, deployment, since_seq)
    said = store.of_predictions(connection, [one.reviewed for one in found if one.status != "pending"])
    return [
        Check(one.prediction, one.probability, said.get(one.reviewed) if one.status != "pending" else None)
        for one in found
    ]
