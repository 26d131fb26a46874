"""Rows of the prediction log, its mutable signals, and what monitoring needs of each image."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    update,
)

from relens.infra.database import add, metadata, next_number
from relens.kit import clock
from relens.kit.ids import new_id
from relens.predictions.logged import Entry, Logged, NoPrediction, ReviewState, SentTwice
from relens.vision.prediction import Detection

prediction = Table(
    "prediction",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("log_seq", BigInteger, nullable=False, unique=True),
    Column("client_id", String(200)),
    Column("asset", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("model_version", String(36)),
    Column("role", String(10), nullable=False),
    Column("source", String(200)),
    Column("tags", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("logged_at", BigInteger, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("detections", Text, nullable=False),
    Column("parent", String(36)),
    Column("trace", String(60)),
    Column("origin", String(10), nullable=False),
    Column("error", String(60)),
    Column("writer", String(100)),
    Column("writer_seq", BigInteger),
    Column("keep_reason", String(20), nullable=False),
    Column("keep_probability", Float, nullable=False),
    UniqueConstraint("deployment", "client_id", name="prediction_once"),
    Index("prediction_by_time", "deployment", "taken_at", "id"),
    Index("prediction_by_asset", "asset"),
)

signal = Table(
    "signal",
    metadata,
    Column("prediction", String(36), ForeignKey("prediction.id", ondelete="CASCADE"), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("review", String(10), nullable=False),
    Column("outlier", Float),
    Column("confidence", Float, nullable=False),
    Column("priority", Float),
    Index("signal_by_review", "deployment", "review", "priority"),
    Index("signal_by_outlier", "deployment", "outlier"),
)

label_index = Table(
    "label_index",
    metadata,
    Column("prediction", String(36), ForeignKey("prediction.id", ondelete="CASCADE"), primary_key=True),
    Column("label", String(200), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("confidence", Float, nullable=False),
    Index("label_index_by_label", "deployment", "label"),
)

feature = Table(
    "feature",
    metadata,
    Column("prediction", String(36), ForeignKey("prediction.id", ondelete="CASCADE"), primary_key=True),
    Column("scalars", LargeBinary),
    Column("vector", LargeBinary),
)

_SIGNALS = (signal.c.review, signal.c.outlier)


def append(connection: Connection, entry: Entry) -> tuple[Logged, bool]:
    """Writes `entry` as the next line of the log; a client id seen before answers with its first line and False."""
    if entry.client_id is not None and (first := by_client_id(connection, entry.deployment, entry.client_id)):
        if first.asset != entry.asset:
            raise SentTwice(
                f"client_id '{entry.client_id}' was sent before with another image: use a new client_id",
                prediction=first.id,
            )
        return first, False
    now = clock.now()
    row: dict[str, Any] = {
        name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name not in ("scalars", "feature")
    }
    row |= {"id": new_id(), "log_seq": next_number(connection, "log"), "logged_at": now, "tags": list(entry.tags)}
    written = json.dumps([d.to_json() for d in entry.detections], separators=(",", ":"))
    add(connection, prediction, row | {"metadata": dict(entry.metadata), "detections": written})
    _index(connection, row["id"], entry)
    values = {**row, "tags": entry.tags, "review": "pending", "outlier": None}
    return Logged(**values, scalars=entry.scalars, feature=entry.feature), True


def _index(connection: Connection, prediction_id: str, entry: Entry) -> None:
    """The rows that stand beside a line of the log and can change or be rebuilt."""
    best: dict[str, float] = {}
    for detection in entry.detections:
        if detection.confidence >= entry.threshold:
            best[detection.label] = max(best.get(detection.label, 0.0), detection.confidence)
    top = max((d.confidence for d in entry.detections), default=0.0)
    here = {"prediction": prediction_id, "deployment": entry.deployment}
    add(connection, signal, here | {"review": "pending", "outlier": None, "confidence": top, "priority": None})
    add(
        connection,
        label_index,
        *(here | {"label": label, "confidence": confidence} for label, confidence in best.items()),
    )
    if entry.scalars is not None:
        vector = None if entry.feature is None else entry.feature.astype(np.float16).tobytes()
        add(
            connection,
            feature,
            {"prediction": prediction_id, "scalars": entry.scalars.astype(np.float32).tobytes(), "vector": vector},
        )


def get(connection: Connection, prediction_id: str) -> Logged:
    """With its scalars and feature; NoPrediction when there is none."""
    found = several(connection, [prediction_id])
    if not found:
        raise NoPrediction(f"there is no prediction {prediction_id}")
    return found[0]


def several(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """Those of `ids` that exist, in log order, with scalars and features."""
    return [
        line
        for start in range(0, len(ids), 500)
        for line in _with_features(connection, prediction.c.id.in_(ids[start : start + 500]))
    ]


def by_client_id(connection: Connection, deployment_id: str, client_id: str) -> Logged | None:
    found = _with_features(
        connection, (prediction.c.deployment == deployment_id) & (prediction.c.client_id == client_id)
    )
    return found[0] if found else None


def since(connection: Connection, log_seq: int, limit: int, deployment_id: str | None = None) -> list[Logged]:
    """The lines after `log_seq` in commit order, with scalars and features."""
    after = prediction.c.log_seq > log_seq
    return _with_features(
        connection, after if deployment_id is None else after & (prediction.c.deployment == deployment_id), limit
    )


def shadows_of(connection: Connection, prediction_id: str) -> list[Logged]:
    return _with_features(connection, prediction.c.parent == prediction_id)


def counts(connection: Connection, deployment_id: str) -> dict[str, int]:
    """How many predictions are in each review state (the champion's and canary's; a shadow answers nobody)."""
    joined = signal.join(prediction, prediction.c.id == signal.c.prediction)
    query = (
        select(signal.c.review, func.count())
        .select_from(joined)
        .where(signal.c.deployment == deployment_id, prediction.c.role != "shadow")
        .group_by(signal.c.review)
    )
    return {review: int(count) for review, count in connection.execute(query)}


def last_taken_at(connection: Connection, deployment_id: str) -> int | None:
    return connection.execute(
        select(func.max(prediction.c.taken_at)).where(prediction.c.deployment == deployment_id)
    ).scalar()


def total(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(prediction)).scalar_one())


def set_review(connection: Connection, prediction_id: str, state: ReviewState) -> None:
    connection.execute(update(signal).where(signal.c.prediction == prediction_id).values(review=state))


def set_outliers(connection: Connection, scores: Mapping[str, float]) -> None:
    """Outlier scores by prediction id."""
    _set(connection, "outlier", scores)


def set_priorities(connection: Connection, priorities: Mapping[str, float]) -> None:
    """Review priorities by prediction id; higher is shown earlier."""
    _set(connection, "priority", priorities)


def queue(connection: Connection, deployment_id: str, limit: int, skip: Iterable[str] = ()) -> list[Logged]:
    """Pending predictions, the highest priority first, each image once."""
    query = (
        select(signal.c.prediction)
        .join(prediction, prediction.c.id == signal.c.prediction)
        .where(signal.c.deployment == deployment_id, signal.c.review == "pending", prediction.c.role != "shadow")
        .where(signal.c.prediction.not_in(list(skip)))
        .order_by(func.coalesce(signal.c.priority, -1.0).desc(), signal.c.prediction)
        .limit(limit)
    )
    order = list(connection.execute(query).scalars())
    found = {line.id: line for line in several(connection, order)}
    return [found[prediction_id] for prediction_id in order if prediction_id in found]


def _set(connection: Connection, column: str, values: Mapping[str, float]) -> None:
    if values:
        statement = update(signal).where(signal.c.prediction == bindparam("at")).values({column: bindparam("value")})
        connection.execute(
            statement, [{"at": prediction_id, "value": value} for prediction_id, value in values.items()]
        )


def _with_features(connection: Connection, where: Any, limit: int | None = None) -> list[Logged]:
    joined = prediction.join(signal, signal.c.prediction == prediction.c.id).outerjoin(
        feature, feature.c.prediction == prediction.c.id
    )
    query = (
        select(prediction, *_SIGNALS, feature.c.scalars, feature.c.vector)
        .select_from(joined)
        .where(where)
        .order_by(prediction.c.log_seq)
    )
    return [logged(row, row.scalars, row.vector) for row in connection.execute(query.limit(limit) if limit else query)]


def logged(row: Any, scalars: bytes | None = None, vector: bytes | None = None) -> Logged:
    """A Logged from a row that holds the columns of `prediction` and the signals."""
    plain = ("scalars", "feature", "tags", "detections")
    values = {name: getattr(row, name) for name in Logged.__dataclass_fields__ if name not in plain}
    return Logged(
        **values,
        tags=tuple(row.tags),
        detections=tuple(Detection.from_json(d) for d in json.loads(row.detections)),
        scalars=None if scalars is None else np.frombuffer(scalars, np.float32),
        feature=None if vector is None else np.frombuffer(vector, np.float16),
    )
