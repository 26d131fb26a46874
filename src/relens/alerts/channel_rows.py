"""Rows of channels, and of the notices the pages show until somebody has seen them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, select, update

from relens.alerts.channel import Channel, NameTaken, NoChannel
from relens.alerts.tables import alert_rule, channel, notice
from relens.infra.statements import add
from relens.kit.clock import Micros
from relens.kit.ids import new_id


def insert(connection: Connection, made: Channel) -> None:
    """Raises NameTaken."""
    _taken(connection, made)
    add(connection, channel, _row(made))


def replace_row(connection: Connection, changed: Channel) -> None:
    """Raises NameTaken."""
    _taken(connection, changed)
    connection.execute(update(channel).where(channel.c.id == changed.id).values(**_row(changed)))


def remove(connection: Connection, channel_id: str) -> None:
    """Takes it out of the rules that tell it, too."""
    connection.execute(delete(channel).where(channel.c.id == channel_id))
    for row in connection.execute(select(alert_rule.c.id, alert_rule.c.channels)).all():
        if channel_id in row.channels:
            left = [one for one in row.channels if one != channel_id]
            connection.execute(update(alert_rule).where(alert_rule.c.id == row.id).values(channels=left))


def get(connection: Connection, channel_id: str, lock: bool = False) -> Channel:
    """NoChannel when there is none. `lock` holds the row until the transaction ends."""
    query = select(channel).where(channel.c.id == channel_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NoChannel(f"there is no channel {channel_id}")
    return _channel(row)


def every(connection: Connection) -> list[Channel]:
    """The oldest first."""
    return [_channel(row) for row in connection.execute(select(channel).order_by(channel.c.created_at, channel.c.id))]


def several(connection: Connection, ids: Collection[str]) -> dict[str, Channel]:
    """Those there are, by id."""
    return {row.id: _channel(row) for row in connection.execute(select(channel).where(channel.c.id.in_(ids)))}


def free_name(connection: Connection, wanted: str) -> str:
    """`wanted`, with a number behind it where another channel has it."""
    names = set(connection.execute(select(channel.c.name)).scalars())
    numbered = (f"{wanted[:90]} {n}" for n in range(2, len(names) + 3))
    return next(name for name in (wanted, *numbered) if name not in names)


def post_notice(
    connection: Connection, at: Micros, kind: str, severity: str, deployment: str | None, sentence: str
) -> None:
    row = {"id": new_id(), "at": at, "kind": kind, "severity": severity, "deployment": deployment, "sentence": sentence}
    add(connection, notice, row)


def notices(connection: Connection, unseen_only: bool, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    query = select(notice).order_by(notice.c.at.desc(), notice.c.id.desc()).limit(limit)
    if unseen_only:
        query = query.where(notice.c.seen_at.is_(None))
    return [dict(row._mapping) for row in connection.execute(query)]


def see_notices(connection: Connection, ids: Collection[str], by: str, at: Micros) -> None:
    """The first who saw one stays."""
    unseen = notice.c.id.in_(ids) & notice.c.seen_at.is_(None)
    connection.execute(update(notice).where(unseen).values(seen_by=by, seen_at=at))


def _taken(connection: Connection, made: Channel) -> None:
    other = connection.execute(select(channel.c.id).where(channel.c.name == made.name, channel.c.id != made.id)).first()
    if other is not None:
        raise NameTaken(f"another channel is called '{made.name}': choose another name")


def _row(made: Channel) -> dict[str, Any]:
    values = {name: getattr(made, name) for name in Channel.__dataclass_fields__}
    return values | {"settings": dict(made.settings), "active": int(made.active)}


def _channel(row: Any) -> Channel:
    return Channel(**{name: getattr(row, name) for name in Channel.__dataclass_fields__} | {"active": bool(row.active)})
