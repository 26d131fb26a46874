"""Rows behind an undo: every change that reviews made to the versions of a dataset, and what became of the images that are left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from relens.datasets.version import DatasetVersion
from relens.infra.statements import add
from relens.loop.feedback_rows import feedback_entry, feedback_member
from relens.loop.merge import Change

_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entered:
    """One verdict (by its number) changed one image in one version."""

    version: str
    asset: str
    deployment: str
    prediction: str
    verdict: int
    change: Change


def entries(connection: Connection, versions: Sequence[str]) -> list[Entered]:
    """Of all these versions."""
    columns = [feedback_entry.c[name] for name in Entered.__dataclass_fields__]
    found: list[Entered] = []
    for start in range(0, len(versions), _MOST_AT_ONCE):
        some = versions[start : start + _MOST_AT_ONCE]
        found += [
            Entered(*row) for row in connection.execute(select(*columns).where(feedback_entry.c.version.in_(some)))
        ]
    return found


def left_out(connection: Connection, version: DatasetVersion, some: Sequence[Entered], there: Collection[str]) -> None:
    """`version` (its images: `there`) is without these: it says so for good, and they enter no later one until somebody says something new."""
    newest = {one.asset: one for one in some}
    rows = [
        {
            "version": version.id,
            "asset": one.asset,
            "deployment": one.deployment,
            "prediction": one.prediction,
            "verdict": one.verdict,
            "change": "undone",
        }
        for one in newest.values()
    ]
    for start in range(0, len(rows), _MOST_AT_ONCE):
        add(connection, feedback_entry, *rows[start : start + _MOST_AT_ONCE])
    for one in newest.values():
        mine = (
            (feedback_member.c.dataset == version.dataset)
            & (feedback_member.c.deployment == one.deployment)
            & (feedback_member.c.asset == one.asset)
            # What was said since is something new.
            & (feedback_member.c.verdict == one.verdict)
        )
        was, becomes = ("left out", "in") if one.asset in there else ("in", "left out")
        connection.execute(
            update(feedback_member).where(mine, feedback_member.c.outcome == was).values(outcome=becomes)
        )
        connection.execute(update(feedback_member).where(mine).values(fresh=False))
