"""How much comes: what a deployment was sent lately, by the day."""

from __future__ import annotations

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import DAY, HOUR, Micros
from relens.predictions.keep import NOT_KEPT
from relens.predictions.retention import store
from relens.predictions.retention.forecast import Traffic

_DAYS_SEEN = 7


def seen(connection: Connection, found: Deployment, at: Micros) -> Traffic:
    """Of the last week, or of as much of it as images came (an hour at least)."""
    since = max(at // DAY - _DAYS_SEEN + 1, found.created_at // DAY)
    sums = store.sums(connection, found.id, since)
    lines = sum(sums.get(reason, (0, 0))[0] for reason in ("kept", "repeated", *NOT_KEPT - {"erased"}))
    if not lines:
        return Traffic()
    seen_for = at - max(since * DAY, found.created_at, _first_kept(connection, found))
    (kept, size), (repeated, _) = sums.get("kept", (0, 0)), sums.get("repeated", (0, 0))
    fresh, mean = (kept / (kept + repeated), size / kept) if kept else (None, None)
    return Traffic(lines / (max(seen_for, HOUR) / DAY), fresh, mean, early=seen_for < HOUR)


def _first_kept(connection: Connection, found: Deployment) -> Micros:
    """When the first image came; 0 where that is not known: images were let go, or came again and count from then on."""
    moved = store.sums(connection, found.id).keys() & {*store.DROPPED, "repeated"}
    return 0 if moved else store.oldest_kept(connection, found.id) or 0
