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

from relens.infra.statements import add, upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.loop.decision import OPEN, Decision, NoDecision
from relens.loop.policy import (
    ContinuousDeployment,
    ContinuousTraining,
    Demands,
    FeedbackLoop,
    Policies,
    RolloutPolicy,
)
from relens.loop.quiet_hours import QuietHours

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
    Column("training_rules", JSON, nullable=False),
    Column("rollout_active", Boolean, nullable=False),
    Column("policy", String(12), nullable=False),
    Column("rollout_rules", JSON, nullable=False),
    Column("frozen", Boolean, nullable=False),
)

loop_run = Table(
    "loop_run",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("frozen", JSON(none_as_null=True)),
    Index("loop_run_by_deployment", "deployment", "number", unique=True),
)

gate_decision = Table(
    "gate_decision",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("job", String(36), nullable=False, unique=True),
    Column("candidate", String(36), nullable=False),
    Column("champion", String(36), nullable=False),
    Column("dataset_version", String(36), nullable=False),
    Column("decision", String(20), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("policy", String(12), nullable=False),
    Column("applied", String(12), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("settled_by", String(36)),
    Column("settled_at", BigInteger),
    Index("gate_decision_by_deployment", "deployment", "at"),
)


@dataclass(frozen=True, slots=True)
class LoopRun:
    """One run of the loop: its job, why it started, and the verdict `seq` up to which it was counted."""

    job: str
    deployment: str
    number: int
    reason: str
    seq: int
    started_at: Micros


def policies(connection: Connection, deployment: str) -> Policies:
    """The settings of a deployment; the defaults when nobody chose any."""
    row = connection.execute(select(loop_policy).where(loop_policy.c.deployment == deployment)).one_or_none()
    return Policies() if row is None else _policies(row)


def active(connection: Connection) -> dict[str, Policies]:
    """The deployments whose feedback loop is on."""
    return {deployment: chosen for deployment, chosen in everywhere(connection).items() if chosen.feedback.active}


def everywhere(connection: Connection) -> dict[str, Policies]:
    """The settings of every deployment for which somebody chose any."""
    return {row.deployment: _policies(row) for row in connection.execute(select(loop_policy))}


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
        "training_rules": _training_rules(chosen.training),
        "rollout_active": chosen.rollout.active,
        "policy": chosen.rollout.policy,
        "rollout_rules": _rollout_rules(chosen.rollout),
        "frozen": chosen.frozen,
    }
    upsert(connection, loop_policy, [row], ["deployment"], [name for name in row if name != "deployment"])


def add_run(connection: Connection, run: LoopRun) -> None:
    add(connection, loop_run, {name: getattr(run, name) for name in LoopRun.__dataclass_fields__})


def last_run(connection: Connection, deployment: str) -> LoopRun | None:
    query = select(loop_run).where(loop_run.c.deployment == deployment).order_by(loop_run.c.number.desc()).limit(1)
    return _run(connection.execute(query).one_or_none())


def keep_frozen(connection: Connection, job: str, version: str, base: str, counted: dict[str, Any]) -> None:
    """Remembers which dataset version a run made, of which it grew, and what was new in it."""
    frozen = {"version": version, "base": base, "counted": counted}
    connection.execute(update(loop_run).where(loop_run.c.job == job).values(frozen=frozen))


def frozen_by(connection: Connection, job: str) -> tuple[str, str, dict[str, Any]] | None:
    """What `keep_frozen` kept of that run."""
    kept = connection.execute(select(loop_run.c.frozen).where(loop_run.c.job == job)).scalar()
    return None if kept is None else (kept["version"], kept["base"], kept["counted"])


def jobs_since(connection: Connection, deployment: str, since: Micros) -> list[tuple[str, Micros]]:
    """The job of each run that began after `since`, and when it did."""
    query = select(loop_run.c.job, loop_run.c.started_at).where(
        loop_run.c.deployment == deployment, loop_run.c.started_at > since
    )
    return [(job, began) for job, began in connection.execute(query)]


def add_decision(connection: Connection, made: Decision) -> None:
    row = {name: getattr(made, name) for name in Decision.__dataclass_fields__}
    add(connection, gate_decision, row | {"reasons": list(made.reasons), "numbers": dict(made.numbers)})


def change_decision(connection: Connection, decision_id: str, **values: Any) -> None:
    connection.execute(update(gate_decision).where(gate_decision.c.id == decision_id).values(**values))


def decision(connection: Connection, decision_id: str) -> Decision:
    """Raises NoDecision."""
    row = connection.execute(select(gate_decision).where(gate_decision.c.id == decision_id)).one_or_none()
    if row is None:
        raise NoDecision(f"there is no decision {decision_id}")
    return _decision(row)


def decision_of_job(connection: Connection, job: str) -> Decision | None:
    row = connection.execute(select(gate_decision).where(gate_decision.c.job == job)).one_or_none()
    return None if row is None else _decision(row)


def shadows(connection: Connection) -> list[Decision]:
    """Those whose candidate runs as shadow, of all deployments."""
    query = select(gate_decision).where(gate_decision.c.applied == "shadow")
    return [_decision(row) for row in connection.execute(query.order_by(gate_decision.c.at, gate_decision.c.id))]


def promotion_of(connection: Connection, deployment: str, version: str | None) -> Decision | None:
    """The newest decision by which `version` became champion and that nobody has taken back."""
    query = select(gate_decision).where(
        gate_decision.c.deployment == deployment,
        gate_decision.c.candidate == version,
        gate_decision.c.applied.in_(("promoted", "approved")),
    )
    row = connection.execute(query.order_by(gate_decision.c.at.desc(), gate_decision.c.id.desc()).limit(1)).first()
    return None if row is None else _decision(row)


def judged(connection: Connection, deployment: str, candidate: str, champion: str | None) -> Decision | None:
    """The newest decision on `candidate` beside that champion."""
    query = select(gate_decision).where(
        gate_decision.c.deployment == deployment,
        gate_decision.c.candidate == candidate,
        gate_decision.c.champion == champion,
    )
    row = connection.execute(query.order_by(gate_decision.c.at.desc(), gate_decision.c.id.desc()).limit(1)).first()
    return None if row is None else _decision(row)


def decisions(
    connection: Connection, deployment: str, before: tuple[Micros, str] | None = None, limit: int = 50
) -> list[Decision]:
    """The newest first."""
    query = select(gate_decision).where(gate_decision.c.deployment == deployment)
    if before:
        earlier = (gate_decision.c.at == before[0]) & (gate_decision.c.id < before[1])
        query = query.where((gate_decision.c.at < before[0]) | earlier)
    return [
        _decision(row)
        for row in connection.execute(query.order_by(gate_decision.c.at.desc(), gate_decision.c.id.desc()).limit(limit))
    ]


def open_decisions(connection: Connection, deployment: str) -> list[Decision]:
    """Those a person may still approve or refuse, the newest first."""
    query = select(gate_decision).where(gate_decision.c.deployment == deployment, gate_decision.c.applied.in_(OPEN))
    return [
        _decision(row)
        for row in connection.execute(query.order_by(gate_decision.c.at.desc(), gate_decision.c.id.desc()))
    ]


def _decision(row: Any) -> Decision:
    values = {name: getattr(row, name) for name in Decision.__dataclass_fields__}
    return Decision(**values | {"reasons": tuple(row.reasons)})


def _policies(row: Any) -> Policies:
    return Policies(
        FeedbackLoop(row.dataset, row.feedback_active, row.test_share),
        ContinuousTraining(
            row.training_active, row.after, row.trainer, dict(row.parameters), **_read_rules(row.training_rules)
        ),
        _rollout(row.rollout_active, row.policy, row.rollout_rules),
        row.frozen,
    )


def _rollout_rules(rollout: ContinuousDeployment) -> dict[str, Any]:
    demands = rollout.demands
    return {
        "guard": list(rollout.guard),
        "guard_hours": rollout.guard_hours,
        "after_shadow": rollout.after_shadow,
        "threshold": rollout.threshold,
        "critical": list(demands.critical),
        "latency_ms": demands.latency_ms,
        "size_mb": demands.size_mb,
    }


def _rollout(active: bool, policy: RolloutPolicy, rules: dict[str, Any]) -> ContinuousDeployment:
    """Rules that were written before there were demands have none; what else they do not know is as nobody chose it."""
    demands = Demands(tuple(rules.get("critical", ())), rules.get("latency_ms"), rules.get("size_mb"))
    later = {name: rules[name] for name in ("after_shadow", "threshold") if name in rules}
    return ContinuousDeployment(active, policy, tuple(rules["guard"]), rules["guard_hours"], demands, **later)


def _training_rules(training: ContinuousTraining) -> dict[str, Any]:
    names = ("every_days", "cool_down_hours", "minutes_per_day", "since", "start", "trial")
    plain = {name: getattr(training, name) for name in names}
    quiet = [training.quiet.start, training.quiet.end, training.quiet.time_zone] if training.quiet else None
    return plain | {"on_alert": list(training.on_alert), "quiet": quiet}


def _read_rules(written: dict[str, Any]) -> dict[str, Any]:
    quiet = QuietHours(*written["quiet"]) if written["quiet"] else None
    return {**written, "on_alert": tuple(written["on_alert"]), "quiet": quiet}


def _run(row: Any) -> LoopRun | None:
    return None if row is None else LoopRun(**{name: getattr(row, name) for name in LoopRun.__dataclass_fields__})
