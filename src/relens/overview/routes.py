"""HTTP: the home page and the head of a deployment's page, each in one call; cancelling a job."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from relens.access.asking import Asking
from relens.deployments import store as deployment_store
from relens.deployments.routes import DeploymentOut, shown
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut, Names, jobs_shown
from relens.infra.web import Instant, part
from relens.monitoring.measure import Measuring
from relens.overview.gather import Summary, pulse, summary
from relens.overview.pipeline import Block, State
from relens.predictions.retention.store import MISSED

router = APIRouter(prefix="/api/v1", tags=["overview"])
Db = Annotated[Database, part(Database)]


class BlockOut(BaseModel):
    """One block of the pipeline."""

    active: bool
    state: State
    detail: str

    @staticmethod
    def of(block: Block) -> BlockOut:
        return BlockOut(active=block.active, state=block.state, detail=block.detail)


class PipelineOut(BaseModel):
    """The four blocks."""

    training_data: BlockOut
    feedback_loop: BlockOut
    continuous_training: BlockOut
    continuous_deployment: BlockOut


class MissedOut(BaseModel):
    """Images the log has no line of, for one reason, in the last 30 days."""

    reason: str
    sentence: str
    images: int


class OverviewOut(BaseModel):
    """The head of a deployment's page; `next` says what to do now, in sentences."""

    deployment: DeploymentOut
    predictions: int
    last_prediction_at: Instant | None
    reviewed: int
    pending: int
    unusable: int
    open_alerts: int
    pipeline: PipelineOut
    next: list[str]
    missed: list[MissedOut]
    left_usual: str | None = Field(description="how production has left what is usual, while that alarm stands")
    waiting: bool = Field(description="a candidate waits for somebody's decision")


class HomeLineOut(OverviewOut):
    """One line of the home page; `volume` and `latency` (medians in ms) are of the 24 hours up to the last prediction."""

    volume: list[int]
    latency: list[float | None]
    p50_ms: float | None
    drift: float | None


class HomeOut(BaseModel):
    """Everything the home page shows."""

    deployments: list[HomeLineOut]


@router.get("/overview")
def home(database: Db, measuring: Annotated[Measuring, part(Measuring)]) -> HomeOut:
    """Every deployment at a glance."""
    with database.read() as connection:
        known = deployment_store.all_of_them(connection)
        heads = [_head(out, summary(connection, one)) for one, out in zip(known, shown(connection, known), strict=True)]
    lines = []
    for deployment, head in zip(known, heads, strict=True):
        lately = pulse(measuring, deployment, head["last_prediction_at"])
        lines.append(
            HomeLineOut(**head, volume=lately.volume, latency=lately.latency, p50_ms=lately.p50_ms, drift=lately.drift)
        )
    return HomeOut(deployments=lines)


@router.get("/deployments/{deployment}/overview")
def deployment_overview(deployment: str, database: Db) -> OverviewOut:
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        return OverviewOut(**_head(shown(connection, [found])[0], summary(connection, found)))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(
    job_id: str, actor: Asking, jobs: Annotated[Jobs, part(Jobs)], people: Annotated[Names, part(Names)]
) -> JobOut:
    """The job ends at its next check; what its finished steps did stays."""
    actor.must_be("operator")
    return jobs_shown([jobs.cancel(job_id)], people)[0]


def _head(deployment: DeploymentOut, found: Summary) -> dict[str, Any]:
    blocks = {name: BlockOut.of(getattr(found.pipeline, name)) for name in PipelineOut.model_fields}
    plain = (
        "predictions",
        "last_prediction_at",
        "reviewed",
        "pending",
        "unusable",
        "open_alerts",
        "next",
        "left_usual",
        "waiting",
    )
    return {
        **{name: getattr(found, name) for name in plain},
        "deployment": deployment,
        "pipeline": PipelineOut(**blocks),
        "missed": [
            MissedOut(reason=reason, sentence=MISSED[reason], images=images) for reason, images in found.missed.items()
        ],
    }
