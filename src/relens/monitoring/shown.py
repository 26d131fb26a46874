"""The training data that a deployment's numbers are shown against."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.monitoring import store
from relens.monitoring.fitted import Fitted, FittedReferences
from relens.monitoring.training_data import shown_against


def shown(
    connection: Connection, deployment: Deployment, references: FittedReferences, counted: Collection[str]
) -> Fitted | None:
    """The best that can be read: the champion's; where nothing is `counted` against that, the newest that has. None where there is none."""
    candidates = shown_against(store.references(connection, deployment.id), deployment.champion, counted)
    return next((found for one in candidates if (found := references.there(one.id))), None)
