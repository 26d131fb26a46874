"""Reads where the images of a dataset have been, from the rows of all its versions."""

from __future__ import annotations

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.datasets import store
from relens.datasets.dataset import NoDataset
from relens.datasets.sides import Earlier, Sides


def follow_sides(connection: Connection, dataset_id: str, sides: Sides) -> Sides:
    """`sides` with the versions that were published since it was read."""
    for asset, group, split, number in store.places(connection, dataset_id, sides.version):
        sides.add(asset, group, split, number)
    return sides


def earlier(connection: Connection, name: str) -> Earlier:
    """What is known of the dataset of that name; nothing where it is new."""
    try:
        found = store.find_dataset(connection, name)
    except NoDataset:
        return Earlier()
    sides = follow_sides(connection, found.id, Sides())
    looks = {one.id: one.fingerprint for one in assets.several(connection, list(sides.assets)).values()}
    return Earlier(sides, looks)
