"""Rows of verdicts and of their history; `seq` numbers every change in commit order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    func,
    select,
    update,
)

from relens.access.actor import Actor
from relens.access.store import actor as actors
from relens.infra.statements import add, hold_number, next_number, upsert
from relens.infra.tables import metadata
from relens.review.verdict import USABLE, Status, Verdict
from relens.vision.annotation import Annotation

_MOST_AT_ONCE = 500


def _columns() -> list[Column[Any]]:
    return [
        Column("deployment", String(36), nullable=False),
        Column("asset", String(64)),
        Column("model_version", String(36)),
        Column("status", String(12), nullable=False),
        Column("annotations", JSON, nullable=False),
        Column("reason", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("actor", String(36), nullable=False),
        Column("at", BigInteger, nullable=False),
    ]


verdict = Table(
    "verdict",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    *_columns(),
    Index("verdict_by_deployment", "deployment", "seq"),
    Index("verdict_by_asset", "asset"),
    Index("verdict_by_actor", "deployment", "actor", "at"),
)

verdict_history = Table(
    "verdict_history",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("prediction", String(36), nullable=False),
    *_columns(),
    Index("verdict_history_by_prediction", "prediction", "seq"),
)

reviewed_label = Table(
    "reviewed_label",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("label", String(200), primary_key=True),
    # In which people found at least one.
    Column("images", Integer, nullable=False),
)


def next_seq(connection: Connection) -> int:
    """The number of the next change. Taken first, it makes servers that share a database settle one after the other."""
    return next_number(connection, "verdict")


def hold_still(connection: Connection) -> None:
    """No server that shares the database changes a review, or what stands beside one, until the transaction ends."""
    hold_number(connection, "verdict")


def last_seq(connection: Connection) -> int:
    """The number of the latest change; 0 before the first."""
    return int(connection.execute(select(func.max(verdict.c.seq))).scalar_one() or 0)


def last_seq_of(connection: Connection, deployment: str) -> int:
    """The number of the latest change in one deployment; 0 before the first."""
    query = select(func.max(verdict.c.seq)).where(verdict.c.deployment == deployment)
    return int(connection.execute(query).scalar_one() or 0)


def keep(connection: Connection, said: Verdict) -> None:
    """Writes the current verdict and its line of history, in the caller's transaction."""
    _count_labels(connection, get(connection, said.prediction), said)
    row = {
        "prediction": said.prediction,
        "seq": said.seq,
        "deployment": said.deployment,
        "asset": said.asset,
        "model_version": said.model_version,
        "status": said.status,
        "annotations": [annotation.to_json() for annotation in said.annotations],
        "reason": said.reason,
        "revision": said.revision,
        "actor": said.actor.id,
        "at": said.at,
    }
    upsert(connection, verdict, [row], ["prediction"], [name for name in row if name != "prediction"])
    add(connection, verdict_history, row)


def _count_labels(connection: Connection, before: Verdict | None, said: Verdict) -> None:
    had, has = (_labels_of(one) if one else set() for one in (before, said))
    rows = [{"deployment": said.deployment, "label": label, "images": 0} for label in sorted(had ^ has)]
    upsert(connection, reviewed_label, rows, ["deployment", "label"])
    for labels, change in ((has - had, 1), (had - has, -1)):
        here = (reviewed_label.c.deployment == said.deployment) & reviewed_label.c.label.in_(labels)
        if labels:
            connection.execute(update(reviewed_label).where(here).values(images=reviewed_label.c.images + change))


def _labels_of(said: Verdict) -> set[str]:
    return {annotation.label for annotation in said.annotations} if said.status in USABLE else set()


def label_counts(connection: Connection, deployment: str) -> dict[str, int]:
    """In how many reviewed images people found each label."""
    query = select(reviewed_label.c.label, reviewed_label.c.images).where(reviewed_label.c.deployment == deployment)
    return {row.label: row.images for row in connection.execute(query)}


def get(connection: Connection, prediction_id: str) -> Verdict | None:
    """What is said of it now (`pending` after it was reopened); None when nobody ever reviewed it."""
    row = connection.execute(_with_actor(verdict).where(verdict.c.prediction == prediction_id)).one_or_none()
    return None if row is None else _verdict(row)


def of_predictions(connection: Connection, prediction_ids: Sequence[str]) -> dict[str, Verdict]:
    """The verdicts there are, by prediction."""
    found: dict[str, Verdict] = {}
    for start in range(0, len(prediction_ids), _MOST_AT_ONCE):
        some = prediction_ids[start : start + _MOST_AT_ONCE]
        for row in connection.execute(_with_actor(verdict).where(verdict.c.prediction.in_(some))):
            found[row.prediction] = _verdict(row)
    return found


def history(connection: Connection, prediction_id: str) -> list[Verdict]:
    """Every change, the oldest first."""
    query = (
        _with_actor(verdict_history)
        .where(verdict_history.c.prediction == prediction_id)
        .order_by(verdict_history.c.seq)
    )
    return [_verdict(row) for row in connection.execute(query)]


def numbered(connection: Connection, seqs: Sequence[int]) -> list[Verdict]:
    """Verdicts as they were said, by the number of the change, in that order; whatever was said later."""
    found: list[Verdict] = []
    for start in range(0, len(seqs), _MOST_AT_ONCE):
        these = verdict_history.c.seq.in_(seqs[start : start + _MOST_AT_ONCE])
        rows = connection.execute(_with_actor(verdict_history).where(these).order_by(verdict_history.c.seq))
        found += [_verdict(row) for row in rows]
    return found


def current(connection: Connection, deployment: str) -> list[Verdict]:
    """What is said now in one deployment, in the order it was last changed; reopened ones (`pending`) too."""
    return [
        _verdict(row)
        for row in connection.execute(
            _with_actor(verdict).where(verdict.c.deployment == deployment).order_by(verdict.c.seq)
        )
    ]


class Latest(NamedTuple):
    """A prediction somebody said something about, and its image."""

    prediction: str
    asset: str | None


def latest(connection: Connection, deployment: str, limit: int) -> list[Latest]:
    """What was settled last, the newest first."""
    query = select(verdict.c.prediction, verdict.c.asset).where(
        verdict.c.deployment == deployment, verdict.c.status != "pending"
    )
    return [Latest(*row) for row in connection.execute(query.order_by(verdict.c.seq.desc()).limit(limit))]


def since(connection: Connection, seq: int, limit: int = 500, deployment: str | None = None) -> list[Verdict]:
    """The verdicts changed after `seq`, each once with what it says now, in order of `seq`. Reopened ones are `pending`."""
    query = _with_actor(verdict).where(verdict.c.seq > seq).order_by(verdict.c.seq).limit(limit)
    if deployment is not None:
        query = query.where(verdict.c.deployment == deployment)
    return [_verdict(row) for row in connection.execute(query)]


def of_assets(connection: Connection, deployment: str, assets: Sequence[str]) -> dict[str, list[Verdict]]:
    """Every verdict on an image: it may have been predicted, and reviewed, more than once. In the order of their changes."""
    found: dict[str, list[Verdict]] = {}
    for start in range(0, len(assets), _MOST_AT_ONCE):
        here = (verdict.c.deployment == deployment) & verdict.c.asset.in_(assets[start : start + _MOST_AT_ONCE])
        for row in connection.execute(_with_actor(verdict).where(here).order_by(verdict.c.seq)):
            found.setdefault(row.asset, []).append(_verdict(row))
    return found


def counts(connection: Connection, deployment: str) -> dict[Status, int]:
    """How many verdicts of each status there are now."""
    query = select(verdict.c.status, func.count()).where(verdict.c.deployment == deployment).group_by(verdict.c.status)
    return {status: int(count) for status, count in connection.execute(query)}


def said_since(connection: Connection, deployment: str, since: int, actor: str | None) -> int:
    """How many predictions somebody (`actor`, or anybody) settled at or after `since`, as they stand now; reopened ones do not count."""
    query = select(func.count()).where(
        verdict.c.deployment == deployment, verdict.c.at >= since, verdict.c.status != "pending"
    )
    if actor is not None:
        query = query.where(verdict.c.actor == actor)
    return int(connection.execute(query).scalar_one())


def latest_by(connection: Connection, deployment: str, actor: str, since: int, limit: int) -> list[str]:
    """Predictions that a person settled after `since`, at most so many."""
    query = select(verdict.c.prediction).where(
        verdict.c.deployment == deployment,
        verdict.c.actor == actor,
        verdict.c.at > since,
        verdict.c.status != "pending",
    )
    return list(connection.execute(query.order_by(verdict.c.at.desc()).limit(limit)).scalars())


def page(
    connection: Connection, deployment: str, statuses: Sequence[Status], before_seq: int | None, limit: int
) -> list[Verdict]:
    """The latest first."""
    query = _with_actor(verdict).where(verdict.c.deployment == deployment).order_by(verdict.c.seq.desc()).limit(limit)
    if statuses:
        query = query.where(verdict.c.status.in_(statuses))
    if before_seq is not None:
        query = query.where(verdict.c.seq < before_seq)
    return [_verdict(row) for row in connection.execute(query)]


def _with_actor(table: Table) -> Select[Any]:
    about = [actors.c[name].label(f"actor_{name}") for name in ("name", "kind", "permission", "created_at")]
    return select(table, *about).join(actors, actors.c.id == table.c.actor)


def _verdict(row: Any) -> Verdict:
    return Verdict(
        prediction=row.prediction,
        deployment=row.deployment,
        asset=row.asset,
        model_version=row.model_version,
        status=row.status,
        annotations=tuple(Annotation.from_json(written) for written in row.annotations),
        reason=row.reason,
        revision=row.revision,
        seq=row.seq,
        actor=Actor(row.actor, row.actor_name, row.actor_kind, row.actor_permission, row.actor_created_at),
        at=row.at,
    )
