"""Rows of training runs and evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    update,
)

from relens.infra.statements import add
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.training.evaluation import Evaluation, NoEvaluation
from relens.training.training_run import NoTrainingRun, TrainingRun

training_run = Table(
    "training_run",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("job", String(36)),
    Column("trainer", String(60), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("model", String(100), nullable=False),
    Column("dataset_version", String(36), nullable=False),
    Column("start_from", String(36)),
    Column("model_version", String(36)),
    Column("deployment", String(36)),
    Column("epochs", JSON, nullable=False),
    Column("error", Text),
    Column("created_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("used", JSON(none_as_null=True)),
    Column("environment", JSON(none_as_null=True)),
    Column("repeats", String(36)),
    Index("training_run_by_model", "model", "created_at"),
    Index("training_run_by_job", "job"),
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("job", String(36)),
    Column("model_version", String(36), nullable=False),
    Column("dataset_version", String(36), nullable=False),
    Column("split", String(12), nullable=False),
    Column("part", String(12), nullable=False),
    Column("images", Integer, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("advised_threshold", Float),
    Column("error", Text),
    Column("created_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Index("evaluation_of", "model_version", "dataset_version", "split", "part"),
)


def uses(connection: Connection, dataset_versions: Sequence[str]) -> tuple[int, int]:
    """How many training runs and evaluations used one of these."""
    runs, evaluations = (
        connection.execute(select(func.count()).where(table.c.dataset_version.in_(dataset_versions))).scalar_one()
        for table in (training_run, evaluation)
    )
    return int(runs), int(evaluations)


def insert_run(connection: Connection, run: TrainingRun) -> None:
    row = {name: getattr(run, name) for name in TrainingRun.__dataclass_fields__}
    add(connection, training_run, {**row, "parameters": dict(run.parameters), "epochs": list(run.epochs)})


def get_run(connection: Connection, run_id: str) -> TrainingRun:
    """Raises NoTrainingRun."""
    row = connection.execute(select(training_run).where(training_run.c.id == run_id)).one_or_none()
    if row is None:
        raise NoTrainingRun(f"there is no training run '{run_id}'")
    return _run(row)


def run_of_job(connection: Connection, job: str) -> TrainingRun | None:
    """The run that a job carries out."""
    row = connection.execute(select(training_run).where(training_run.c.job == job)).first()
    return None if row is None else _run(row)


def runs(
    connection: Connection,
    model: str | None = None,
    state: str | None = None,
    before: tuple[Micros, str] | None = None,
    limit: int = 50,
) -> list[TrainingRun]:
    """The newest first; `model` is a name, `state` one of the states."""
    query = select(training_run).order_by(training_run.c.created_at.desc(), training_run.c.id.desc()).limit(limit)
    if model:
        query = query.where(training_run.c.model == model)
    if state:
        query = query.where(training_run.c.state == state)
    if before:
        at, run_id = before
        older = and_(training_run.c.created_at == at, training_run.c.id < run_id)
        query = query.where(or_(training_run.c.created_at < at, older))
    return [_run(row) for row in connection.execute(query)]


def change_run(connection: Connection, run_id: str, **values: Any) -> None:
    connection.execute(update(training_run).where(training_run.c.id == run_id).values(**values))


def insert_evaluation(connection: Connection, made: Evaluation) -> None:
    add(connection, evaluation, {name: getattr(made, name) for name in Evaluation.__dataclass_fields__})


def get_evaluation(connection: Connection, evaluation_id: str) -> Evaluation:
    """Raises NoEvaluation."""
    row = connection.execute(select(evaluation).where(evaluation.c.id == evaluation_id)).one_or_none()
    if row is None:
        raise NoEvaluation(f"there is no evaluation '{evaluation_id}'")
    return _evaluation(row)


def evaluations(
    connection: Connection,
    model_version: str,
    dataset_version: str | None = None,
    split: str | None = None,
    part: str | None = None,
) -> list[Evaluation]:
    """Of one model version, the newest first."""
    query = select(evaluation).where(evaluation.c.model_version == model_version)
    for column, value in (("dataset_version", dataset_version), ("split", split), ("part", part)):
        if value is not None:
            query = query.where(evaluation.c[column] == value)
    return [
        _evaluation(row)
        for row in connection.execute(query.order_by(evaluation.c.created_at.desc(), evaluation.c.id.desc()))
    ]


def change_evaluation(connection: Connection, evaluation_id: str, **values: Any) -> None:
    connection.execute(update(evaluation).where(evaluation.c.id == evaluation_id).values(**values))


def _run(row: Any) -> TrainingRun:
    names = (name for name in TrainingRun.__dataclass_fields__ if name != "epochs")
    return TrainingRun(**{name: getattr(row, name) for name in names}, epochs=tuple(row.epochs))


def _evaluation(row: Any) -> Evaluation:
    return Evaluation(**{name: getattr(row, name) for name in Evaluation.__dataclass_fields__})
