"""Example images beside a drift number: what is usual, and what arrives now, both for the feature that is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.reference import Reference
from relens.monitoring import store
from relens.monitoring.fitted import Fitted
from relens.predictions import browse
from relens.predictions import store as predictions
from relens.predictions.logged import Logged

PICTURES = 6
LOOKED_THROUGH = 200
"""Of the latest images: among so many the extreme ones show what is meant."""

Looked = Logged | predictions.Looks


def training(fitted: Fitted, feature: str | None) -> list[str]:
    """The training images nearest to the median of the feature."""
    place = place_of(fitted.reference, feature)
    if place is None:
        return list(fitted.assets[:PICTURES])
    values = fitted.scalars[:, place].astype(np.float64)
    known = values[~np.isnan(values)]
    if not known.size:
        return list(fitted.assets[:PICTURES])
    return [fitted.assets[i] for i in _order(np.abs(values - np.median(known)))[:PICTURES]]


def typical(lines: Sequence[Logged], place: int | None, middle: float | None) -> list[str]:
    """The images whose value of the feature is nearest to the middle of what is usual; the most ordinary for None."""
    if place is None or middle is None:
        return _assets(lines, _outliers(lines))
    return _assets(lines, np.abs(_values(lines, place) - middle))


def extreme(lines: Sequence[Looked], place: int | None, up: bool) -> list[str]:
    """The images furthest the way the feature has moved; the strangest where it is the outlier score (None)."""
    values = -_outliers(lines) if place is None else _values(lines, place) * (-1 if up else 1)
    return _assets(lines, values)


def first_beyond(lines: Sequence[Logged], place: int | None, edge: float, up: bool) -> Logged | None:
    """The first of these images (in order of time) whose value lies beyond `edge`."""
    values = _outliers(lines) if place is None else _values(lines, place)
    beyond = np.flatnonzero(values > edge if up else values < edge)
    return lines[beyond[0]] if beyond.size else None


def looked_through(
    connection: Connection,
    deployment: Deployment,
    fitted: Fitted,
    wanted: browse.Filter,
    sort: str = "-taken_at",
    most: int = LOOKED_THROUGH,
) -> list[Logged]:
    """Images of the log in the order of `sort`; their `scalars` are the reference's numbers, in its order."""
    found, _ = browse.page(connection, deployment.id, wanted, sort, most, None)
    whole = {line.id: line for line in predictions.several(connection, [line.id for line in found])}
    lines = [whole[line.id] for line in found if line.id in whole]
    rows = fitted.numbers(lines, _own(connection, fitted, lines))
    return [replace(line, scalars=row) for line, row in zip(lines, rows, strict=True) if row is not None]


def _own(connection: Connection, fitted: Fitted, lines: Sequence[Looked]) -> list[bool]:
    row = store.get_reference(connection, fitted.reference.id)
    return [row is not None and line.model_version == row.model_version for line in lines]


def place_of(reference: Reference, feature: str | None) -> int | None:
    """Where the feature stands among an image's numbers; None for what is none of them: the outlier score, and mixes of answers."""
    names = [one.name for one in reference.features if not one.categories]
    return [one.name for one in reference.features].index(feature) if feature in names else None


def of(
    connection: Connection,
    deployment: Deployment,
    fitted: Fitted,
    wanted: browse.Filter,
    named: dict[str, Any] | None,
) -> dict[str, list[str]]:
    """Assets: typical training images, and images of `wanted` that carry what is `named` (a feature that moved)."""
    places = browse.places(connection, deployment.id, wanted, "-taken_at", LOOKED_THROUGH)
    found = predictions.looks(connection, places)
    rows = fitted.numbers(found, _own(connection, fitted, found))
    lines = [line._replace(scalars=row) for line, row in zip(found, rows, strict=True) if row is not None]
    name = named["name"] if named else None
    up = named is not None and named["direction"] == "up"
    return {"usual": training(fitted, name), "now": extreme(lines, place_of(fitted.reference, name), up)}


def _values(lines: Sequence[Looked], place: int) -> NDArray[np.float64]:
    return np.array([line.scalars[place] for line in lines if line.scalars is not None], dtype=np.float64)


def _outliers(lines: Sequence[Looked]) -> NDArray[np.float64]:
    return np.array([np.nan if line.outlier is None else line.outlier for line in lines], dtype=np.float64)


def _assets(lines: Sequence[Looked], smallest_first: NDArray[np.float64]) -> list[str]:
    assets = dict.fromkeys(lines[i].asset for i in _order(smallest_first))
    return list(assets)[:PICTURES]


def _order(values: NDArray[np.float64]) -> list[int]:
    """The places of the values that are known, the smallest first."""
    known = np.flatnonzero(~np.isnan(values))
    return [int(i) for i in known[np.argsort(values[known], kind="stable")]]
