"""How strange one image is, asked while it is answered: the same score the log gets a moment later, for deciding whether to keep it."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.infra.database import Database
from relens.infra.storage import NoBytes
from relens.kit import clock
from relens.monitoring import store
from relens.monitoring.fitted import FittedReferences, UnreadableReference
from relens.monitoring.training_data import FittedReference, speaks_for
from relens.predictions.logged import Entry

OLDEST_S = 1.0
_NEXT = 2**62
"""A place in the log after all that are: the line that is being judged has none yet."""


class _Judged(NamedTuple):
    scalars: NDArray[np.float32] | None
    feature: NDArray[np.float16] | None


class Strangeness:
    """Which reference speaks for a deployment is looked up at most every OLDEST_S."""

    def __init__(self, database: Database, fitted: FittedReferences) -> None:
        self._database = database
        self._fitted = fitted
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, list[FittedReference]]] = {}

    def __call__(self, entry: Entry) -> float | None:
        """The outlier score in [0, 1); None where there is nothing to compare with."""
        speaking = speaks_for(self._references(entry.deployment), entry.model_version, _NEXT)
        if speaking is None or entry.scalars is None:
            return None
        try:
            fitted = self._fitted.get(speaking.id)
        except (NoBytes, UnreadableReference):
            return None
        own = speaking.model_version == entry.model_version
        return fitted.scores([_Judged(entry.scalars, entry.feature)], [own])[0]

    def _references(self, deployment: str) -> list[FittedReference]:
        with self._lock:
            known = self._known.get(deployment)
        if known is None or clock.stopwatch() - known[0] > OLDEST_S:
            with self._database.read(behind=True) as connection:
                known = (clock.stopwatch(), store.references(connection, deployment))
            with self._lock:
                self._known[deployment] = known
        return known[1]
