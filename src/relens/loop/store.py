"""Rows of the loop: its settings, its runs and its decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    select,
    update,
)

from relens.infra.database import add, metadata, upsert
from relens.kit.clock import Micros
from relens.loop.policy import ContinuousDeployment, ContinuousTraining, FeedbackLoop, Policies

loop_policy = Table(
    "loop_policy",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("dataset", String(36)),
    Column("feedback_active", Boolean, nullable=False),
    Column("test_share", Float, nullable=False),
    Column("training_active", Boolean, nullable=False),
    Column("after", Integer, nullable=False),
    Column("trainer", String(60), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("rollout_active", Boolean, nullable=False),
    Column("policy", String(12), nullable=False),
)

loop_run = Table(
    "loop_run",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("training_run", String(36)),
    Column("started_at", BigInteger, nullable=False),
    Index("loop_run_by_deployment", "deployment", "number", unique=True),
)


@dataclass(frozen=True, slots=True)
class LoopRun:
    """One run of the loop: its job, why it started, and the verdict `seq` up to which it was counted."""

    job: str
    deployment: str
    number: int
    reason: str
    seq: int
    training_run: str | None
    started_at: Micros


def policies(connection: Connection, deployment: str) -> Policies:
    """The settings of a deployment; the defaults when nobody chose any."""
    row = connection.execute(select(loop_policy).where(loop_policy.c.deployment == deployment)).one_or_none()
    return Policies() if row is None else _policies(row)


def active(connection: Connection) -> dict[str, Policies]:
    """The deployments whose feedback loop is on."""
    rows = connection.execute(select(loop_policy).where(loop_policy.c.feedback_active))
    return {row.deployment: _policies(row) for row in rows}


def keep_policies(connection: Connection, deployment: str, chosen: Policies) -> None:
    row = {
        "deployment": deployment,
        "dataset": chosen.feedback.dataset,
        "feedback_active": chosen.feedback.active,
        "test_share": chosen.feedback.test_share,
        "training_active": chosen.training.active,
        "after": chosen.training.after,
        "trainer": chosen.training.trainer,
        "parameters": dict(chosen.training.parameters),
        "rollout_active": chosen.rollout.active,
        "policy": chosen.rollout.policy,
    }
    upsert(connection, loop_policy, [row], ["deployment"], [name for name in row if name != "deployment"])


def add_run(connection: Connection, run: LoopRun) -> None:
    add(connection, loop_run, {name: getattr(run, name) for name in LoopRun.__dataclass_fields__})


def last_run(connection: Connection, deployment: str) -> LoopRun | None:
    query = select(loop_run).where(loop_run.c.deployment == deployment).order_by(loop_run.c.number.desc()).limit(1)
    return _run(connection.execute(query).one_or_none())


def run_of_job(connection: Connection, job: str) -> LoopRun | None:
    return _run(connection.execute(select(loop_run).where(loop_run.c.job == job)).one_or_none())


def set_training_run(connection: Connection, job: str, training_run: str) -> None:
    connection.execute(update(loop_run).where(loop_run.c.job == job).values(training_run=training_run))


def _policies(row: Any) -> Policies:
    return Policies(
        FeedbackLoop(row.dataset, row.feedback_active, row.test_share),
        ContinuousTraining(row.training_active, row.after, row.trainer, dict(row.parameters)),
        ContinuousDeployment(row.rollout_active, row.policy),
    )


def _run(row: Any) -> LoopRun | None:
    return None if row is None else LoopRun(**{name: getattr(row, name) for name in LoopRun.__dataclass_fields__})
