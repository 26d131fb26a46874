"""HTTP: the catalog of metrics, one metric, and the dashboard."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.time_zone import time_zone_of
from relens.infra.database import Database
from relens.infra.web import Instant, Page, part
from relens.kit import clock
from relens.kit.calendar import zone
from relens.kit.clock import SECOND
from relens.metrics.metric import METRICS, Metric
from relens.monitoring import store
from relens.monitoring.estimate_bodies import EstimatesOut
from relens.monitoring.estimating import Estimating
from relens.monitoring.measure import Measurement, Measuring, Progress
from relens.monitoring.window import BadWindow, Window

router = APIRouter(prefix="/api/v1", tags=["monitoring"])

Db = Annotated[Database, part(Database)]
Numbers = Annotated[Measuring, part(Measuring)]


class MetricOut(BaseModel):
    """A metric's definition."""

    name: str
    title: str
    definition: str
    formula: str
    source: str = Field(description="whose definition it is")
    needs: Literal["predictions", "training data", "reviews"]
    tasks: list[str]
    unit: str

    @staticmethod
    def of(name: str, metric: Metric) -> MetricOut:
        return MetricOut(
            name=name,
            title=metric.title,
            definition=metric.definition,
            formula=metric.formula,
            source=metric.source,
            needs=metric.needs,
            tasks=list(metric.tasks),
            unit=metric.unit,
        )


class ProgressOut(BaseModel):
    """A tag or a query is answered from the log, piece by piece: ask again until it is complete."""

    read: int
    complete: bool


class MeasurementOut(BaseModel):
    """One metric in one window; `needs` says what is missing where it is not available."""

    metric: str
    available: bool
    needs: str | None
    since: Instant = Field(serialization_alias="from")
    until: Instant = Field(serialization_alias="to")
    count: int = Field(description="images behind the number")
    value: dict[str, Any] | None
    series: list[dict[str, Any]]
    progress: ProgressOut | None = None

    @staticmethod
    def of(measured: Measurement) -> MeasurementOut:
        return MeasurementOut(
            metric=measured.metric,
            available=measured.available,
            needs=measured.needs,
            since=measured.since,
            until=measured.until,
            count=measured.count,
            value=measured.value,
            series=[{**point, "t": clock.to_text(point["t"])} for point in measured.series],
            progress=_progress(measured.progress),
        )


def _progress(progress: Progress | None) -> ProgressOut | None:
    return None if progress is None else ProgressOut(read=progress.read, complete=progress.complete)


class DashboardOut(BaseModel):
    """Every metric of a deployment in one window, and what it can be filtered by.

    `estimates` stand beside the metrics of reviewed images: what the random checks among them say of all traffic.
    """

    since: Instant = Field(serialization_alias="from")
    until: Instant = Field(serialization_alias="to")
    bucket_s: int
    time_zone: str = Field(description="whose days and hours the points are cut into")
    metrics: dict[str, MeasurementOut]
    sources: list[str]
    model_versions: list[str]
    labels: list[str]
    roles: list[str]
    estimates: EstimatesOut
    behind: int = Field(description="predictions of the log that these numbers do not hold yet; at most 100000 is said")
    progress: ProgressOut | None = None


class TitledOut(BaseModel):
    """Something by its id and readable name."""

    id: str
    title: str


def _asked(
    numbers: Numbers,
    database: Db,
    deployment: str,
    since: Annotated[str | None, Query(alias="from", description="RFC 3339; the first prediction if left out")] = None,
    until: Annotated[str | None, Query(alias="to", description="RFC 3339; now if left out")] = None,
    source: str | None = None,
    tag: str | None = None,
    label: str | None = None,
    model_version: str | None = None,
    role: Literal["champion", "canary", "shadow"] | None = None,
    query: Annotated[
        str | None, Query(description="in the query language of the log; read in pieces, see `progress`")
    ] = None,
    tz: Annotated[
        str | None, Query(description="whose days charts are cut into, as Europe/Paris; the deployment's if left out")
    ] = None,
) -> tuple[Deployment, Window]:
    with database.read() as connection:
        found = deployments.get(connection, deployment)
    everything = numbers.everything(found)
    first = clock.from_text(since) if since else everything.since
    last = clock.from_text(until) if until else everything.until
    if since is None and until is not None and first >= last:
        raise BadWindow("there is nothing before 'to': give an earlier 'from'")
    place = time_zone_of(found.settings) if tz is None else tz
    zone(place)
    return found, Window(first, last, source, tag, label, model_version, role, query=query or None, zone=place)


Asked = Annotated[tuple[Deployment, Window], Depends(_asked)]
Bucket = Annotated[str, Query(description="auto, or seconds per point")]


@router.get("/metrics")
def list_metrics() -> Page[MetricOut]:
    return Page(items=[MetricOut.of(name, metric) for name, metric in METRICS])


@router.get("/deployments/{deployment}/metrics/{metric}")
def get_metric(asked: Asked, metric: str, numbers: Numbers, bucket: Bucket = "auto") -> MeasurementOut:
    deployment, window = asked
    return MeasurementOut.of(numbers.metric(deployment, metric, window, bucket))


@router.get("/deployments/{deployment}/dashboard")
def get_dashboard(
    asked: Asked,
    numbers: Numbers,
    made: Annotated[Estimating, part(Estimating)],
    database: Db,
    bucket: Bucket = "auto",
) -> DashboardOut:
    deployment, window = asked
    found = numbers.dashboard(deployment, window, bucket)
    with database.read() as connection:
        estimates = EstimatesOut.made(made.of(connection, deployment, window))
        behind = store.behind(connection, deployment.id)
    return DashboardOut(
        since=found.since,
        until=found.until,
        bucket_s=found.width // SECOND,
        time_zone=window.zone,
        metrics={name: MeasurementOut.of(measured) for name, measured in found.metrics.items()},
        sources=list(found.sources),
        model_versions=list(found.model_versions),
        labels=list(found.labels),
        roles=list(found.roles),
        estimates=estimates,
        behind=behind,
        progress=_progress(found.progress),
    )
