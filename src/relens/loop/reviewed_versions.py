"""The versions of a dataset that reviews made, newest first: what can be undone, and whose it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.datasets.version import DatasetVersion
from relens.loop import leave_out_rows
from relens.loop.leave_out import grown_from
from relens.review import store as verdicts


@dataclass(frozen=True, slots=True)
class ReviewedVersion:
    """`counts`: images by what reviews did to them; `people`: (id, name, number of reviews)."""

    version: DatasetVersion
    counts: Mapping[str, int]
    people: tuple[tuple[str, str, int], ...]


def reviewed_versions(connection: Connection, newest: DatasetVersion) -> list[ReviewedVersion]:
    history = grown_from(connection, newest)
    every = leave_out_rows.entries(connection, list(history))
    said = {one.seq: one.actor for one in verdicts.numbered(connection, sorted({one.verdict for one in every}))}
    found: list[ReviewedVersion] = []
    for version in history.values():
        mine = [one for one in every if one.version == version.id]
        if not mine:
            continue
        people = Counter((said[one.verdict].id, said[one.verdict].name) for one in mine if one.verdict in said)
        found.append(
            ReviewedVersion(
                version,
                Counter(one.change for one in mine),
                tuple((who, name, count) for (who, name), count in people.most_common()),
            )
        )
    return found
