"""Look-alikes of an image, by what its model saw in it or by its appearance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.ids import content_id, new_id
from relens.metrics.nearest import nearest
from relens.predictions import store as predictions
from relens.predictions.logged import Entry, Logged
from relens.predictions.similar import similar


def deployed(database: Database) -> Deployment:
    made = Deployment(new_id(), "cells", "detection", ("WBC",), "server", 0.3, 1, new_id(), None, None, 0.0, {}, 0, "x")
    database.write(lambda connection: deployments.insert(connection, made))
    return made


def entry(where: Deployment, name: str, vector: list[float] | None, scalars: list[float]) -> Entry:
    return Entry(
        where.id, content_id(name.encode()), 100, 50, where.champion, "champion", (), 0.3, 5.0, 1_000, client_id=name,
        scalars=np.array(scalars, np.float32), feature=None if vector is None else np.array(vector, np.float16),
    )  # fmt: skip


def log(database: Database, *entries: Entry) -> list[Logged]:
    return [line for line, _ in database.write(lambda c: predictions.append_many(c, entries, file_now=True))]


def names(database: Database, line: Logged, k: int = 5) -> tuple[list[str | None], str | None, int]:
    with database.read() as connection:
        found = similar(connection, predictions.get(connection, line.id), k)
    assert list(found.distances) == sorted(found.distances)
    return [one.client_id for one in found.lines], found.by, found.among


def test_look_alikes_are_near_by_what_the_model_saw_each_image_once(database: Database) -> None:
    here = deployed(database)
    first, *_ = log(
        database,
        entry(here, "first", [1, 0, 0], [0.1, 0.2]),
        entry(here, "far", [0, 0, 9], [0.1, 0.2]),
        entry(here, "near", [2, 0.2, 0], [0.9, 0.9]),
        entry(here, "nearer", [7, 0.1, 0], [0.9, 0.9]),
        replace(entry(here, "nearer", [7, 0.1, 0], [0.9, 0.9]), client_id="again"),
        replace(entry(here, "other version", [1, 0, 0], [0.1, 0.2]), model_version=new_id()),
        replace(entry(here, "shadow's", [1, 0, 0], [0.1, 0.2]), role="shadow"),
    )
    assert names(database, first) == (["again", "near", "far"], "features", 3)
    assert names(database, first, 1)[0] == ["again"]


def test_without_features_appearance_is_compared_each_number_in_its_own_units(database: Database) -> None:
    here = deployed(database)
    first, *_ = log(
        database,
        entry(here, "first", None, [0.5, 1000.0, float("nan")]),
        entry(here, "other brightness", None, [0.9, 1000.0, 1.0]),
        entry(here, "a little larger", None, [0.5, 1010.0, 2.0]),
        entry(here, "much larger", None, [0.5, 5000.0, 3.0]),
    )
    found, by, among = names(database, first)
    assert (found[0], by, among) == ("a little larger", "appearance", 3)


def test_nothing_is_near_what_is_not_known() -> None:
    bank = np.array([[0.0, 0.0], [np.nan, 1.0], [3.0, 4.0]])
    places, apart = nearest(bank, np.array([0.0, 0.0]), 9)
    assert (places.tolist(), apart.tolist()) == ([0, 2], [0.0, 5.0])
    assert len(nearest(bank, np.array([np.nan, 0.0]), 2)[0]) == 0
