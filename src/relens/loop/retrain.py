"""The round of the loop as one durable job: freeze the data, train, judge, roll out; after a crash it goes on at the unfinished step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from relens.access import store as actors
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.kit.errors import NotFound
from relens.loop.beginning import beginning
from relens.loop.freeze import freeze
from relens.loop.judge import Judge
from relens.loop.start import RETRAIN
from relens.loop.trial import CannotJudge
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.training.run import Training
from relens.training.wish import Wish

STEPS = ("freeze", "prepare", "train", "register", "evaluate", "decide", "roll out")
"""In order; prepare, train and register are those of a training run, the last three those of a judgement."""


class Retrain:
    """Does the job "retrain"."""

    def __init__(self, database: Database, training: Training, judge: Judge) -> None:
        self._database = database
        self._training = training
        self._judge = judge

    def register(self, jobs: Jobs) -> None:
        jobs.register(RETRAIN, self.work, "heavy")

    def work(self, run: JobRun) -> Mapping[str, Any]:
        frozen: dict[str, Any] = run.step("freeze", lambda: self._freeze(run))
        candidate = self._training.carry_out(run, frozen["training_run"])
        judged = self._judge.carry_out(run, candidate, frozen["dataset_version"])
        return {**frozen, **judged}

    def _freeze(self, run: JobRun) -> dict[str, Any]:
        """The next dataset version, and the training run that will use it."""
        with self._database.read() as connection:
            deployment = deployments.get(connection, str(run.payload["deployment"]))
            champion = _champion(connection, deployment)
            actor = actors.get(connection, str(run.payload["actor"]))
            begins = beginning(connection, champion, str(run.payload["trainer"]), run.payload.get("start", "champion"))
            parameters = begins.parameters(run.payload["parameters"])
        if actor is None:
            raise NotFound("whoever asked for this run is not known any more: start it again")
        frozen = freeze(self._database, deployment.id, deployment.name, actor, run.id)
        wish = Wish(
            trainer=str(run.payload["trainer"]),
            model=champion.model_name,
            dataset_version=frozen.version.id,
            parameters=parameters,
            start_from=begins.start_from,
            deployment=deployment.id,
        )
        begun = self._database.write(lambda connection: self._training.begin(connection, wish, actor=actor, job=run.id))
        return {
            "dataset_version": frozen.version.id,
            "added": frozen.tally.added,
            "kept_for_testing": frozen.tally.kept_for_testing,
            "training_run": begun.id,
            "start_from": begins.start_from,
        }


def _champion(connection: Connection, deployment: Deployment) -> ModelVersion:
    if deployment.champion is None:
        raise CannotJudge(f"'{deployment.name}' has no champion: deploy a version first")
    return registry.get(connection, deployment.champion)
