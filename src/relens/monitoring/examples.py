"""Example images beside a drift number: what the training data usually looks like, and what arrives now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.monitoring.fitted import Fitted
from relens.monitoring.gather import of_log
from relens.monitoring.window import Window
from relens.predictions import browse

PICTURES = 6


def of(
    connection: Connection, deployment: Deployment, window: Window, fitted: Fitted, value: dict[str, Any]
) -> dict[str, list[str]]:
    """Assets: training images in the middle of what moved most, and the strangest images of the source behind it."""
    moved = value["features"][0]["name"] if value["features"] else None
    behind = value["slice"]["source"] if value["slice"] else window.source
    return {"usual": usual(fitted, moved), "now": now(connection, deployment, window, behind)}


def usual(fitted: Fitted, feature: str | None) -> list[str]:
    """The reference images nearest to the median of the feature."""
    names = [one.name for one in fitted.reference.features]
    if feature not in names:
        return list(fitted.assets[:PICTURES])
    values = fitted.scalars[:, names.index(feature)].astype(np.float64)
    if np.isnan(values).all():
        return list(fitted.assets[:PICTURES])
    far = np.abs(values - np.nanmedian(values))
    return [fitted.assets[i] for i in np.argsort(far, kind="stable")[:PICTURES]]


def now(connection: Connection, deployment: Deployment, window: Window, source: str | None) -> list[str]:
    """The images of the window with the highest outlier scores, each once."""
    wanted = replace(of_log(window), source=source)
    lines, _ = browse.page(connection, deployment.id, wanted, "-outlier", PICTURES * 3, None)
    assets = dict.fromkeys(line.asset for line in lines if line.outlier is not None)
    return list(assets)[:PICTURES]
