"""A schedule begins when it is set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relens.infra.database import Database
from relens.kit import clock
from relens.loop import store
from relens.loop.policy import ContinuousTraining
from tests.rooms.test_loop_start import PARAMETERS, Watched, configured


@pytest.fixture
def watched(database: Database) -> Watched:
    return Watched(database, after=10)


def test_a_schedule_that_was_just_set_starts_its_first_run_in_time(watched: Watched) -> None:
    configured(watched, ContinuousTraining(True, 500, "command", PARAMETERS, every_days=7))
    watched.accept("image", 3)
    assert watched.follow_all() == []
    configured(watched, ContinuousTraining(True, 400, "command", PARAMETERS, every_days=7))
    with watched.database.read() as connection:
        chosen = store.policies(connection, watched.deployment.id)
    since = chosen.training.since
    assert since is not None
    assert clock.now() - since < clock.HOUR
    earlier = replace(chosen, training=replace(chosen.training, since=since - 7 * clock.DAY))
    watched.database.write(lambda connection: store.keep_policies(connection, watched.deployment.id, earlier))
    assert watched.follow_all() == ["1 queued"]
    # Other settings may change meanwhile.
    configured(watched, ContinuousTraining(True, 300, "command", PARAMETERS, every_days=7))
    with watched.database.read() as connection:
        assert store.policies(connection, watched.deployment.id).training.since == since - 7 * clock.DAY
