"""The classic two-sample table: production against training data, feature by feature, with p-values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.ks import ks_two_sample
from relens.monitoring.decided import in_force
from relens.monitoring.fitted import FittedReferences
from relens.predictions import browse
from relens.predictions import store as predictions


class Tested(NamedTuple):
    """`corrected`: p times the number of tests, at most 1."""

    feature: str
    title: str
    statistic: float
    p: float
    corrected: float
    n: int
    m: int


def two_sample_table(
    connection: Connection, deployment: Deployment, fitted: FittedReferences, images: int
) -> list[Tested]:
    """Of the latest `images` predictions of the champion; [] where there is no training data. The smallest p first."""
    row = in_force(connection, deployment)
    if row is None:
        return []
    numbers = fitted.get(row.id)
    wanted = browse.Filter(model_version=row.model_version, role="champion")
    lines, _ = browse.page(connection, deployment.id, wanted, "-taken_at", images, None)
    width = len(numbers.reference.features)
    rows = [
        line.scalars
        for line in predictions.several(connection, [line.id for line in lines])
        if line.scalars is not None and len(line.scalars) == width
    ]
    now = np.array(rows, dtype=np.float64).reshape(-1, width)
    found = []
    for i, feature in enumerate(numbers.reference.features):
        tested = ks_two_sample(now[:, i], numbers.scalars[:, i])
        if tested is not None:
            n, m = _known(now[:, i]), _known(numbers.scalars[:, i])
            found.append(Tested(feature.name, feature.title, tested.statistic, tested.p_value, 1.0, n, m))
    corrected = [one._replace(corrected=min(one.p * len(found), 1.0)) for one in found]
    return sorted(corrected, key=lambda one: (one.p, -one.statistic, one.feature))


def _known(values: NDArray[np.floating]) -> int:
    return int((~np.isnan(values)).sum())
