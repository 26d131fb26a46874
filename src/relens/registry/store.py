"""Rows of models and their versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)

from relens.infra.statements import add, upsert
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.ids import new_id
from relens.registry.model_version import Model, ModelVersion, NoModel

model = Table(
    "model",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("task", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
)

model_version = Table(
    "model_version",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("model", String(36), ForeignKey("model.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("task", String(40), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("artifact", String(64), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("dataset_version", String(36)),
    Column("training_run", String(36)),
    Column("parent", String(36), ForeignKey("model_version.id")),
    Column("checkpoint", String(64)),
    Column("advised_threshold", Float),
    Column("scores", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    UniqueConstraint("model", "number"),
    UniqueConstraint("model", "artifact"),
)

_JOINED = select(model_version, model.c.name.label("model_name")).join(model, model.c.id == model_version.c.model)


def named(connection: Connection, name: str, task: str, created_by: str) -> Model:
    """The model of that name, made on first use; its row is locked, so that numbers are given one at a time."""
    row = {"id": new_id(), "name": name, "task": task, "created_at": clock.now(), "created_by": created_by}
    upsert(connection, model, [row], ["name"])
    return _model(connection.execute(select(model).where(model.c.name == name).with_for_update()).one())


def models(connection: Connection) -> list[Model]:
    """All of them, the oldest first."""
    return [_model(row) for row in connection.execute(select(model).order_by(model.c.created_at, model.c.id))]


def find_model(connection: Connection, reference: str) -> Model:
    """By id or name. Raises NoModel."""
    row = connection.execute(select(model).where((model.c.id == reference) | (model.c.name == reference))).first()
    if row is None:
        raise NoModel(f"there is no model '{reference}'")
    return _model(row)


def versions(connection: Connection, reference: str) -> list[ModelVersion]:
    """The versions of a model, by its id or name, the newest first. Raises NoModel."""
    of = find_model(connection, reference).id
    rows = connection.execute(_JOINED.where(model.c.id == of).order_by(model_version.c.number.desc()))
    return [_version(row) for row in rows]


def get(connection: Connection, version_id: str) -> ModelVersion:
    """Raises NoModel."""
    row = connection.execute(_JOINED.where(model_version.c.id == version_id)).one_or_none()
    if row is None:
        raise NoModel(f"there is no model version '{version_id}'")
    return _version(row)


def find(connection: Connection, reference: str) -> ModelVersion:
    """A version by id, `name/2`, `name/latest`, or `name` (the latest). Raises NoModel."""
    found = connection.execute(_JOINED.where(model_version.c.id == reference)).one_or_none()
    if found is None:
        found = connection.execute(_by_name(reference).limit(1)).first()
    if found is None:
        raise NoModel(f"there is no model version '{reference}': write it as name/2, name/latest or by its id")
    return _version(found)


def titles(connection: Connection, version_ids: Iterable[str]) -> dict[str, str]:
    """Id to title ("bccd v3"), for showing many at once; ids that are not there are left out."""
    query = select(model_version.c.id, model_version.c.number, model.c.name).join(
        model, model.c.id == model_version.c.model
    )
    rows = connection.execute(query.where(model_version.c.id.in_(set(version_ids))))
    return {row.id: f"{row.name} v{row.number}" for row in rows}


def trained_on(connection: Connection, dataset_versions: Sequence[str]) -> list[ModelVersion]:
    """The versions that were trained on one of these dataset versions, the oldest first."""
    here = _JOINED.where(model_version.c.dataset_version.in_(dataset_versions))
    return [_version(row) for row in connection.execute(here.order_by(model_version.c.created_at))]


def with_artifact(connection: Connection, model_id: str, artifact: str) -> ModelVersion | None:
    """The version of that model that is this very file, if there is one."""
    same = (model_version.c.model == model_id) & (model_version.c.artifact == artifact)
    row = connection.execute(_JOINED.where(same)).one_or_none()
    return None if row is None else _version(row)


def next_number(connection: Connection, model_id: str) -> int:
    query = select(func.max(model_version.c.number)).where(model_version.c.model == model_id)
    return int(connection.execute(query).scalar() or 0) + 1


def insert(connection: Connection, version: ModelVersion) -> None:
    names = (column.name for column in model_version.columns if column.name != "labels")
    add(connection, model_version, {**{name: getattr(version, name) for name in names}, "labels": list(version.labels)})


def set_checkpoint(connection: Connection, version_id: str, checkpoint: str) -> bool:
    """Whether it was set: a version that has one keeps it."""
    without = (model_version.c.id == version_id) & model_version.c.checkpoint.is_(None)
    return bool(connection.execute(update(model_version).where(without).values(checkpoint=checkpoint)).rowcount)


def _by_name(reference: str) -> Select[Any]:
    name, _, number = reference.rpartition("/")
    newest = _JOINED.order_by(model_version.c.number.desc())
    if number == "latest":
        return newest.where(model.c.name == name)
    # ASCII only: other scripts' digits pass isdigit, and int() of twenty digits is more than a column holds.
    if name and number.isascii() and number.isdigit() and len(number) < 10:
        return newest.where(model.c.name == name, model_version.c.number == int(number))
    return newest.where((model.c.name == reference) | (model.c.id == reference))


def _model(row: Any) -> Model:
    return Model(row.id, row.name, row.task, row.created_at, row.created_by)


def _version(row: Any) -> ModelVersion:
    names = (name for name in ModelVersion.__dataclass_fields__ if name != "labels")
    return ModelVersion(**{name: getattr(row, name) for name in names}, labels=tuple(row.labels))
