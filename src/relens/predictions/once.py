"""Which of many client ids the log has seen."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from relens.predictions.store import prediction


def known(connection: Connection, deployment_id: str, client_ids: Sequence[str]) -> set[str]:
    """Those of `client_ids` that name a line of this deployment already."""
    found: set[str] = set()
    for start in range(0, len(client_ids), 500):
        query = select(prediction.c.client_id).where(
            prediction.c.deployment == deployment_id, prediction.c.client_id.in_(client_ids[start : start + 500])
        )
        found |= set(connection.execute(query).scalars())
    return found
