"""Rows of deliveries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from relens.alerts.delivery import Delivery
from relens.alerts.tables import delivery
from relens.infra.statements import add
from relens.kit.clock import Micros

MOST_TOGETHER = 50
_WAITING = delivery.c.state == "waiting"


def insert(connection: Connection, made: Delivery) -> None:
    row = {name: getattr(made, name) for name in Delivery.__dataclass_fields__}
    add(connection, delivery, row | {"body": dict(made.body)})


def due(connection: Connection, now: Micros, limit: int = 200) -> list[Delivery]:
    """Those whose time has come, the oldest first."""
    query = select(delivery).where(_WAITING, delivery.c.next_at <= now)
    return [
        _delivery(row) for row in connection.execute(query.order_by(delivery.c.created_at, delivery.c.id).limit(limit))
    ]


def together(connection: Connection, first: Delivery) -> list[Delivery]:
    """What goes out in one message with `first`: what went with it before, or all that waits untried for this channel and deployment."""
    if first.batch is not None:
        same = delivery.c.batch == first.batch
    else:
        same = and_(
            delivery.c.batch.is_(None),
            delivery.c.channel == first.channel,
            delivery.c.deployment == first.deployment,
            delivery.c.kind != "test",
        )
    query = select(delivery).where(_WAITING, same).order_by(delivery.c.created_at, delivery.c.id).limit(MOST_TOGETHER)
    return [_delivery(row) for row in connection.execute(query)]


def claim(connection: Connection, first: Delivery, ids: Collection[str], until: Micros) -> bool:
    """Whether nobody else took `first` since it was read; the others leave its message alone until then."""
    as_read = (delivery.c.id == first.id) & _WAITING & (delivery.c.next_at == first.next_at)
    if connection.execute(select(delivery.c.id).where(as_read).with_for_update()).first() is None:
        return False
    change(connection, ids, batch=first.batch or first.id, next_at=until)
    return True


def change(connection: Connection, ids: Collection[str], **values: Any) -> None:
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(**values))


def forget_old(connection: Connection, before: Micros, limit: int = 500) -> int:
    """Takes away messages that are over since before then, the oldest first; answers how many. The newest of each rule stays: its page shows it."""
    later = delivery.alias()
    newest = select(func.max(later.c.created_at)).where(later.c.rule == delivery.c.rule).scalar_subquery()
    over = (delivery.c.state != "waiting", delivery.c.created_at < before, delivery.c.created_at < newest)
    query = select(delivery.c.id).where(*over).order_by(delivery.c.created_at).limit(limit)
    gone = list(connection.execute(query).scalars())
    connection.execute(delete(delivery).where(delivery.c.id.in_(gone)))
    return len(gone)


def give_up(connection: Connection, channel_id: str, error: str) -> None:
    """What still waits for this channel will not be sent."""
    waiting = _WAITING & (delivery.c.channel == channel_id)
    connection.execute(update(delivery).where(waiting).values(state="failed", error=error))


def latest(connection: Connection, rule_ids: Sequence[str]) -> dict[str, Delivery]:
    """The newest delivery of each rule."""
    newest = (
        select(delivery.c.rule, func.max(delivery.c.created_at).label("created_at"))
        .where(delivery.c.rule.in_(rule_ids))
        .group_by(delivery.c.rule)
        .subquery()
    )
    same = and_(newest.c.rule == delivery.c.rule, newest.c.created_at == delivery.c.created_at)
    return {row.rule: _delivery(row) for row in connection.execute(select(delivery).join(newest, same))}


def _delivery(row: Any) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
