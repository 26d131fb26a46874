"""Rows of plain predictions on their way into the log: text already, thousands of them a second."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from relens.deployments.deployment import Deployment
from relens.deployments.store import check_revision
from relens.infra.statements import append_rows, hold_number, next_number
from relens.kit import clock
from relens.kit.ids import new_ids
from relens.predictions import written
from relens.predictions.plain import Plain
from relens.predictions.store import COLUMNS, sent_twice
from relens.predictions.tables import prediction

_FIRSTS = select(prediction.c.client_id, prediction.c.id, prediction.c.asset, prediction.c.detections).where(
    prediction.c.deployment == bindparam("of"), prediction.c.client_id.in_(bindparam("ids", expanding=True))
)

Sent = tuple[str, str | None, bool]
"""What became of one that was sent: id, client id, and whether it is new."""


class NotAllNew(Exception):
    """Some client ids of a batch are in the log already, or twice in it."""


def append(connection: Connection, deployment_id: str, lines: Sequence[Plain]) -> list[Sent]:
    """Writes `lines` as the next of the log; a client id seen before answers with its first line, SentTwice where that says something else."""
    hold_number(connection, "log")  # as `store.append_many` does
    named = [line.client_id for line in lines if line.client_id is not None]
    known = {
        row.client_id: (row.id, row.asset, row.detections)
        for start in range(0, len(named), 500)
        for row in connection.execute(_FIRSTS, {"of": deployment_id, "ids": named[start : start + 500]})
    }
    answers: list[Sent] = []
    fresh: list[Plain] = []
    ids = new_ids(len(lines))
    for line in lines:
        client_id = line.client_id
        first = None if client_id is None else known.get(client_id)
        if first is None:
            made = ids[len(fresh)]
            fresh.append(line)
            if client_id is not None:
                known[client_id] = (made, line.asset, line.detections)
            answers.append((made, client_id, True))
        elif first[1] == line.asset and written.same(first[2], line.detections):
            answers.append((first[0], client_id, False))
        else:
            raise sent_twice(client_id, first[0])
    if fresh:
        _write(connection, deployment_id, fresh, ids)
    return answers


def append_new(connection: Connection, deployment: Deployment, lines: Sequence[Plain]) -> list[Sent]:
    """The same for lines that are all new, as nearly all are: nobody asks for their client ids first.

    Raises NotAllNew, and Changed where the deployment is not what it was when they were read; then nothing of them stays.
    """
    check_revision(connection, deployment)
    named = [line.client_id for line in lines if line.client_id is not None]
    ids = new_ids(len(lines))
    if len(set(named)) < len(named) or _write(connection, deployment.id, lines, ids) < len(lines):
        raise NotAllNew
    return [(made, line.client_id, True) for made, line in zip(ids, lines, strict=True)]


def _write(connection: Connection, deployment_id: str, lines: Sequence[Plain], ids: Sequence[str]) -> int:
    """How many of them are in the log now."""
    now, number = clock.now(), next_number(connection, "log", len(lines))
    rows = [
        (seq, made, deployment_id, *line[:10], now, *line[10:13], None, line.trace, "external", None, *line[14:], "not sent", 0.0)
        for seq, (made, line) in enumerate(zip(ids, lines, strict=False), number)
    ]  # fmt: skip
    return append_rows(connection, prediction, COLUMNS, rows)
