"""HTTP: what a deployment's images take, what was dropped and why, and what a policy will need."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.keeping import LEAST_SHARE, LONGEST_DAYS, Images, Keeping, keeping_of
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.infra.web import Instant, part
from relens.kit import clock
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.keep import NOT_KEPT
from relens.predictions.logged import Logged
from relens.predictions.record import Recorder
from relens.predictions.retention import store
from relens.predictions.retention.expire import held_bytes
from relens.predictions.retention.forecast import Forecast, Traffic, forecast
from relens.predictions.retention.traffic import seen
from relens.registry import store as registry

router = APIRouter(prefix="/api/v1", tags=["storage"])
Db = Annotated[Database, part(Database)]
Bytes = Annotated[Storage, part(Storage)]
_TRIED_ON = 300


class DroppedOut(BaseModel):
    """Images that were not kept, or let go later, for one reason. Bytes are known only of those that were here."""

    reason: str
    images: int
    bytes: int | None


class ForecastOut(BaseModel):
    """A forecast and what it had to assume; `gb_at_most`: what the images will take in the end, where they leave after some days.

    `early`: it stands on less than an hour of traffic, and the pages do not show it yet.
    """

    images_per_day: float
    kept_share: float
    gb_per_day: float
    days_left: float | None
    gb_at_most: float | None
    assumptions: list[str]
    early: bool

    @staticmethod
    def of(made: Forecast) -> ForecastOut:
        return ForecastOut(
            images_per_day=round(made.images_per_day, 1),
            kept_share=round(made.kept_share, 4),
            gb_per_day=round(made.gb_per_day, 6),
            days_left=None if made.days_left is None else round(made.days_left, 1),
            gb_at_most=None if made.gb_at_most is None else round(made.gb_at_most, 6),
            assumptions=list(made.assumptions),
            early=made.early,
        )


class StorageOut(BaseModel):
    """What the images of one deployment take now, what was dropped since its beginning, and what comes."""

    deployment: str
    images_kept: int
    bytes_kept: int
    oldest_kept: Instant | None
    dropped: list[DroppedOut]
    unlogged: int
    disk_total: int | None
    disk_free: int | None
    forecast: ForecastOut


@router.get("/deployments/{deployment}/storage")
def get_storage(
    deployment: str, database: Db, storage: Bytes, recorder: Annotated[Recorder, part(Recorder)]
) -> StorageOut:
    """Images kept, their bytes, what was dropped with the reason, gigabytes a day and days left."""
    room = storage.room()
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        sums = store.sums(connection, found.id)
        oldest = store.oldest_kept(connection, found.id)
        made = _forecast(connection, found, keeping_of(found.settings), storage)
    dropped = [(reason, *sums[reason]) for reason in sorted((NOT_KEPT | set(store.DROPPED)) & sums.keys())]
    kept = sums.get("kept", (0, 0))[0] - sum(sums.get(reason, (0, 0))[0] for reason in store.DROPPED)
    return StorageOut(
        deployment=found.name,
        images_kept=kept,
        bytes_kept=held_bytes(sums),
        oldest_kept=oldest,
        dropped=[
            DroppedOut(reason=reason, images=images, bytes=size if reason in store.DROPPED else None)
            for reason, images, size in dropped
        ],
        unlogged=recorder.tallied.of(found.id, store.UNLOGGED),
        disk_total=room.total if room else None,
        disk_free=room.free if room else None,
        forecast=ForecastOut.of(made),
    )


@router.get("/storage/forecast")
def get_forecast(
    database: Db,
    storage: Bytes,
    deployment: Annotated[str | None, Query(description="whose traffic to reckon with")] = None,
    model_version: Annotated[
        str | None, Query(description="without a deployment: that of deployments with its model")
    ] = None,
    images: Images = "all",
    share: Annotated[float, Query(ge=LEAST_SHARE, le=1)] = 0.1,
    days: Annotated[int | None, Query(ge=1, le=LONGEST_DAYS)] = None,
) -> ForecastOut:
    """What a policy would need, from the traffic seen; where there is none, from assumptions it states."""
    policy = Keeping(images=images, share=share, days=days)
    with database.read() as connection:
        found = deployments.get(connection, deployment) if deployment else _alike(connection, model_version)
        return ForecastOut.of(_forecast(connection, found, policy, storage))


def _alike(connection: Connection, model_version: str | None) -> Deployment | None:
    """The newest deployment in which some version of the same model answers."""
    if model_version is None:
        return None
    model = registry.find(connection, model_version).model_name
    for one in sorted(deployments.all_of_them(connection), key=lambda d: d.created_at, reverse=True):
        if one.champion is not None and registry.get(connection, one.champion).model_name == model:
            return one
    return None


def _forecast(connection: Connection, found: Deployment | None, policy: Keeping, storage: Storage) -> Forecast:
    everything = store.sums(connection)
    traffic = Traffic() if found is None else seen(connection, found, clock.now())
    kept, size = everything.get("kept", (0, 0))
    if traffic.image_bytes is None and kept:
        traffic = replace(traffic, image_bytes=size / kept)
    recent: list[Logged] = []
    if found is not None and policy.images == "uncertain":
        recent, _ = browse.page(connection, found.id, Filter(), "-taken_at", _TRIED_ON, None)
    return forecast(policy, traffic, recent, storage.room(), held_bytes(everything))
