"""Keeps the reference in step with the champion: a new champion brings its own training data."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.monitoring import store
from relens.monitoring.reference import FitReference
from relens.registry import store as registry


class KeepUp:
    """`step` for a follower. Where the champion is not the version the training data was chosen for, it is chosen anew:

    what it was compared with before (after a rollback), else the dataset version it was trained on, else the present one.
    Scores of predictions made by earlier versions stay as they are.
    """

    def __init__(self, database: Database, fit: FitReference) -> None:
        self._database = database
        self._fit = fit

    def step(self) -> bool:
        with self._database.read() as connection:
            behind = [
                one.deployment for one in store.all_training_data(connection) if _is_behind(connection, one.deployment)
            ]
        for deployment_id in behind:
            self._database.write(partial(self._follow, deployment_id=deployment_id))
        return False

    def _follow(self, connection: Connection, deployment_id: str) -> None:
        chosen = store.get_training_data(connection, deployment_id)
        if chosen is None or not _is_behind(connection, deployment_id):
            return
        deployment = deployments.get(connection, deployment_id)
        assert deployment.champion is not None
        own = registry.get(connection, deployment.champion).dataset_version
        earlier = [
            one.dataset_version
            for one in store.references(connection, deployment_id)
            if one.model_version == deployment.champion and one.state != "failed"
        ]
        version = earlier[-1] if earlier else own or chosen.dataset_version
        self._fit.refer(connection, deployment, version, deployment.champion, chosen.changed_by)


def _is_behind(connection: Connection, deployment_id: str) -> bool:
    chosen = store.get_training_data(connection, deployment_id)
    champion = deployments.get(connection, deployment_id).champion
    return chosen is not None and champion is not None and chosen.model_version != champion
