"""Chooses how a page is found: read from the few lines that can fit, along the order looking at those few only, or along the order looking at each."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, func, select

from relens.predictions.anchor import Anchor, window_of
from relens.predictions.fetch import fetched
from relens.predictions.query_tree import Node
from relens.predictions.tables import tally
from relens.predictions.walk import Order, Place, Walk, Walked

NARROW = 8
"""So many entries of an order are passed over in the time one line is looked at."""


def walked(
    connection: Connection,
    deployment_id: str,
    node: Node,
    best: Anchor | None,
    order: Order,
    start: Place | None,
    wanted: int,
    budget_s: float | None,
) -> Walked:
    """Read from the few lines that can fit, or along the order, whichever reads less."""
    along = best.along if best is not None and order.column == "taken_at" else None
    walk = Walk(deployment_id, node, order, window_of(node), along)
    if best is None or not best.few or best.lies_along(order.column):
        return walk.run(connection, start, wanted, budget_s)
    if wanted * _lines(connection, deployment_id) < NARROW * best.count**2:
        # Should be shorter; what the few have in common may put them at the far end of the order.
        found = replace(walk, few=best).run(connection, start, wanted, budget_s, NARROW * best.count)
        if found.end is None or len(found.found) >= wanted:
            return found
    return fetched(connection, node, best, order, start, wanted)


def _lines(connection: Connection, deployment_id: str) -> int:
    """All that are filed."""
    total = select(func.sum(tally.c.lines)).where(tally.c.deployment == deployment_id)
    return int(connection.execute(total).scalar() or 0)
