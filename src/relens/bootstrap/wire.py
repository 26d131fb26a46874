"""Builds one server's parts from its settings, and starts and stops what runs in the background."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import APIRouter, FastAPI

from relens.access import routes as access_routes
from relens.access.asking import Door
from relens.assets import routes as asset_routes
from relens.datasets import routes as dataset_routes
from relens.datasets.bring_in import Importing
from relens.deployments import routes as deployment_routes
from relens.infra.database import Database
from relens.infra.follow import Follower
from relens.infra.jobs import Jobs
from relens.infra.jobs import routes as job_routes
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.monitoring import routes as monitoring_routes
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.keep_up import KeepUp
from relens.monitoring.measure import Measuring
from relens.monitoring.project import Projection
from relens.monitoring.reference import FitReference
from relens.predictions import routes as prediction_routes
from relens.predictions.record import Recorder
from relens.registry import routes as registry_routes
from relens.review import routes as review_routes
from relens.review.queue import Lineup
from relens.server.app import make_app
from relens.serving import routes as serving_routes
from relens.serving.answer import Engine
from relens.serving.swap import Swapper

logger = logging.getLogger("relens")

ROUTERS: tuple[APIRouter, ...] = (
    access_routes.router,
    job_routes.router,
    asset_routes.router,
    dataset_routes.router,
    registry_routes.router,
    deployment_routes.router,
    serving_routes.router,
    prediction_routes.router,
    review_routes.router,
    monitoring_routes.router,
)


class Relens:
    """One server: `app` answers; `start` and `stop` run what works behind it."""

    def __init__(self, settings: Settings) -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.database = Database(settings.database_url, settings.durability)
        self.database.create_tables()
        self.storage = Folder(settings.home / "files", sync=settings.durability == "power")
        self.jobs = Jobs(self.database, alone=settings.database_url.startswith("sqlite"))
        self.recorder = Recorder(self.database, self.storage)
        self.swapper = Swapper(self.database, self.storage, threads=1)
        self.engine = Engine(self.swapper, self.recorder, settings.threads)
        self.importing = Importing(self.database, self.storage, settings)
        self.importing.register(self.jobs)
        fitted = FittedReferences(self.storage)
        projection = Projection(self.database, fitted)
        fit = FitReference(self.database, self.storage, self.jobs, projection, fitted)
        measuring = Measuring(self.database, projection, fitted)
        self.followers = [
            Follower("serving", self.swapper.step, 0.2),
            Follower("queue", Lineup(self.database).step),
            Follower("metrics", projection.step),
            Follower("training data", KeepUp(self.database, fit).step, 1.0),
        ]
        self.parts = Parts(
            settings, self.database, self.jobs, self.recorder, self.swapper, self.engine, self.importing, fit, measuring
        )
        self.parts.add(self.storage, Storage)
        self.parts.add(Door(self.database, settings))
        self.app = make_app(ROUTERS, self.parts, self._lifespan)

    def start(self) -> None:
        self.jobs.start()
        for follower in self.followers:
            follower.start()

    def stop(self) -> None:
        """In the order of the way back: no new work, then what is under way, then the rows."""
        for follower in self.followers:
            follower.stop()
        self.engine.stop()
        self.jobs.stop()
        self.database.close()

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        # Handlers that wait for the database take a thread each; forty would be few beside a busy log.
        anyio.to_thread.current_default_thread_limiter().total_tokens = 64
        self.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(self.stop)
