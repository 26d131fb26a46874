"""Fetches the few lines an anchor holds, and whole lines by their places in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, or_, select

from relens.predictions import store
from relens.predictions.anchor import Anchor
from relens.predictions.lacking import known, lacks
from relens.predictions.logged import Logged
from relens.predictions.query_sql import compiled, needs_fact
from relens.predictions.query_tree import Node, without
from relens.predictions.tables import prediction, signal
from relens.predictions.walk import Order, Place, Walked


def lines_at(connection: Connection, numbers: Sequence[int]) -> list[Logged]:
    """In the order of `numbers`, without scalars and features."""
    found: dict[int, Logged] = {}
    for start in range(0, len(numbers), 500):
        query = select(*store.LINE).join(signal, signal.c.log_seq == prediction.c.log_seq)
        query = query.where(prediction.c.log_seq.in_(numbers[start : start + 500]))
        lines = [store.line_of(row) for row in connection.execute(query)]
        found |= {line.log_seq: line for line in lines}
    return [found[number] for number in numbers if number in found]


def among(connection: Connection, node: Node, few: Anchor) -> Any:
    """The places of those lines of the anchor that fit."""
    left = without(node, few.parts)
    rows = few.together()
    query = select(signal.c.log_seq).select_from(rows.join(signal, signal.c.log_seq == rows.c.log_seq))
    if needs_fact(left):
        query = query.join(prediction, prediction.c.log_seq == signal.c.log_seq)
    return query.where(compiled(left, connection.dialect.name))


def fetched(connection: Connection, node: Node, few: Anchor, order: Order, start: Place | None, wanted: int) -> Walked:
    """All that the anchor holds, looked at and sorted in one go."""
    key: Any = signal.c[order.column]
    nothing = lacks(order.column, key)
    query = among(connection, node, few).add_columns(key.label("key"))
    if start is not None and start.key is None:
        here = signal.c.log_seq
        query = query.where(nothing, here < start.log_seq if order.descending else here > start.log_seq)
    elif start is not None:
        beyond = order.beyond(key, signal.c.log_seq, start)
        query = query.where(or_(nothing, beyond) if order.nullable else beyond)
    sorting = [*([nothing] if order.nullable else []), *order.sorted(key, signal.c.log_seq)]
    rows = connection.execute(query.order_by(*sorting).limit(wanted)).all()
    return Walked([Place(known(order.column, row.key), row.log_seq) for row in rows], few.count, None)
