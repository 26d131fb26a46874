"""What the settings of continuous training look like over HTTP, and what they mean for the next run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.infra.jobs import store as jobs_store
from relens.infra.web import Instant
from relens.kit.errors import NotFound
from relens.loop.beginning import Beginning, beginning
from relens.loop.policy import ContinuousTraining, Start
from relens.loop.quiet_hours import QuietHours
from relens.predictions.routes import TitledVersion
from relens.registry import store as registry
from relens.training.trainers import TRAINERS
from relens.training.wish import inherited

Name = Annotated[str, Field(min_length=1, max_length=64)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM")]


class QuietHoursBody(BaseModel):
    """When no run begins, on the clocks of `time_zone`; over midnight where `end` comes first."""

    start: TimeOfDay
    end: TimeOfDay
    time_zone: str = Field("UTC", max_length=64, description="as in the IANA database: Europe/Berlin")


class ContinuousTrainingBody(BaseModel):
    """A run starts by itself when `after` images were added since the last one. `parameters` go to the trainer; what they do not say
    is as in the run that made the champion, and null leaves it to the trainer.

    With at least one image added it also starts when an alert on one of the metrics `on_alert` fires, or `every_days` after the last run.
    It waits `cool_down_hours` after the last one began, for the end of `quiet_hours`, and when `minutes_per_day` of training are used up.
    `start`: from the champion's weights, where it has a checkpoint that the trainer reads, or always from scratch.
    """

    active: bool
    after: int = Field(50, ge=1, le=1_000_000)
    trainer: str = "compact"
    parameters: dict[str, Any] = Field(default_factory=dict)
    start: Start = "champion"
    on_alert: list[Name] = Field(default_factory=list, max_length=20, description="names of metrics")
    every_days: float | None = Field(None, gt=0, le=3_650)
    cool_down_hours: float = Field(0.0, ge=0, le=8_760)
    minutes_per_day: float | None = Field(None, gt=0, le=1_440)
    quiet_hours: QuietHoursBody | None = None


class TrialOut(BaseModel):
    """The trainer on a few of the images: it worked, it did not (`error` says why), or this is not known yet."""

    job: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    message: str
    error: str | None
    finished_at: Instant | None


class NextRunOut(BaseModel):
    """What a run that began now would begin with.

    `starts_from` null: from scratch; `why` says so where that was not chosen. `defaults`: parameters of the run that made the
    champion (`champion_run`), which count where the settings say nothing.
    """

    starts_from: TitledVersion | None
    why: str | None
    defaults: dict[str, Any]
    champion_run: str | None


class ContinuousTrainingOut(ContinuousTrainingBody):
    """The settings, how the trainer did when it was tried, and what the next run would begin with; null without a champion."""

    trial: TrialOut | None
    next_run: NextRunOut | None


def training_out(connection: Connection, deployment: Deployment, training: ContinuousTraining) -> ContinuousTrainingOut:
    plain = ContinuousTrainingBody.model_fields.keys() - {"parameters", "on_alert", "quiet_hours"}
    quiet = training.quiet
    return ContinuousTrainingOut(
        **{name: getattr(training, name) for name in plain},
        parameters=dict(training.parameters),
        on_alert=list(training.on_alert),
        quiet_hours=QuietHoursBody(start=_time(quiet.start), end=_time(quiet.end), time_zone=quiet.time_zone)
        if quiet
        else None,
        trial=_trial(connection, training.trial),
        next_run=_next_run(connection, deployment, training),
    )


def training_of(wanted: ContinuousTrainingBody) -> ContinuousTraining:
    """Raises BadPolicy."""
    plain = ContinuousTrainingBody.model_fields.keys() - {"on_alert", "quiet_hours"}
    quiet = wanted.quiet_hours
    return ContinuousTraining(
        **{name: getattr(wanted, name) for name in plain},
        on_alert=tuple(wanted.on_alert),
        quiet=QuietHours(_minutes(quiet.start), _minutes(quiet.end), quiet.time_zone) if quiet else None,
    )


def _trial(connection: Connection, job_id: str | None) -> TrialOut | None:
    job = jobs_store.get(connection, job_id) if job_id is not None else None
    if job is None:
        return None
    return TrialOut(job=job.id, state=job.state, message=job.message, error=job.error, finished_at=job.finished_at)


def _next_run(connection: Connection, deployment: Deployment, training: ContinuousTraining) -> NextRunOut | None:
    if deployment.champion is None:
        return None
    try:
        champion = registry.get(connection, deployment.champion)
        begins: Beginning = beginning(connection, champion, training.trainer, training.start)
        defaults = inherited(TRAINERS.get(training.trainer), {}, begins.earlier)
    except NotFound:
        return None
    return NextRunOut(
        starts_from=TitledVersion(id=champion.id, title=champion.title) if begins.start_from else None,
        why=begins.why,
        defaults=defaults,
        champion_run=begins.run,
    )


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)
