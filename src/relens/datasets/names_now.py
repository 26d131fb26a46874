"""Reads how the labels of a dataset changed from version to version."""

from __future__ import annotations

from sqlalchemy import Connection

from relens.datasets import store
from relens.datasets.became import Became
from relens.datasets.version import DatasetVersion


def became(connection: Connection, version: DatasetVersion) -> Became:
    """What labels of earlier versions are called in `version`."""
    earlier = [one for one in store.versions(connection, version.dataset) if one.number <= version.number]
    changes = tuple((one.number, one.relabelling) for one in reversed(earlier) if one.relabelling is not None)
    return Became(version.labels, changes)
