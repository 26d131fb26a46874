"""The classic two-sample table: production against training data, feature by feature, with p-values."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.kinds.drift import OUTLIER
from relens.metrics.kinds.outlier import FALSE_SHARE
from relens.metrics.ks import false_shares, ks_two_sample
from relens.metrics.reference import Feature
from relens.monitoring.decided import in_force
from relens.monitoring.examples import looked_through
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.gather import of_log
from relens.monitoring.learn import calibration_scores
from relens.monitoring.window import Window


class Tested(NamedTuple):
    """`corrected`: p times the number of tests, at most 1 (Bonferroni); `q`: the share of false ones among all that are as small (Benjamini, Hochberg)."""

    feature: str
    title: str
    statistic: float
    p: float
    corrected: float
    q: float
    n: int
    m: int

    @property
    def flagged(self) -> bool:
        return self.q <= FALSE_SHARE


def two_sample_table(
    connection: Connection, deployment: Deployment, fitted: FittedReferences, window: Window, images: int
) -> list[Tested]:
    """Of the latest `images` predictions of the champion in `window`; [] where there is no training data. The smallest p first.

    Numbers of the model are tested against images it was not trained on, where there are enough; the outlier score
    against the scores of the calibration images among themselves.
    """
    row = in_force(connection, deployment)
    if row is None:
        return []
    numbers = fitted.get(row.id)
    wanted = of_log(window)
    wanted = replace(wanted, model_version=wanted.model_version or row.model_version, role=wanted.role or "champion")
    lines = looked_through(connection, deployment, numbers, wanted, most=images)
    scores = np.array([np.nan if line.outlier is None else line.outlier for line in lines])
    now = np.array([line.scalars for line in lines], dtype=np.float64).reshape(-1, len(numbers.reference.features))
    every = enumerate(numbers.reference.features)
    tried = [
        _tested(OUTLIER, scores, calibration_scores(numbers.outlier)),
        *(_tested(one, now[:, i], numbers.column(i)) for i, one in every),
    ]
    found = [one for one in tried if one is not None]
    corrected = [
        one._replace(corrected=min(one.p * len(found), 1.0), q=q)
        for one, q in zip(found, false_shares([one.p for one in found]), strict=True)
    ]
    return sorted(corrected, key=lambda one: (one.p, -one.statistic, one.feature))


def _tested(feature: Feature, now: NDArray[np.floating], then: NDArray[np.floating]) -> Tested | None:
    found = ks_two_sample(now, then)
    if found is None:
        return None
    return Tested(feature.name, feature.title, found.statistic, found.p_value, 1.0, 1.0, _known(now), _known(then))


def _known(values: NDArray[np.floating]) -> int:
    return int((~np.isnan(values)).sum())
