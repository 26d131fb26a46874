"""Counting the log again: a job with progress, and the same numbers afterwards."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from relens.access import store as actors
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.storage.folder import Folder
from relens.kit.errors import NotAllowed
from relens.monitoring import sums
from relens.monitoring.rebuild import Rebuilding
from tests.rooms.monitoring_material import Site, make_site


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def finished(jobs: Jobs, job_id: str) -> object:
    for _ in range(2_000):
        job = jobs.get(job_id)
        if not job.is_open:
            return job
        threading.Event().wait(0.01)
    raise AssertionError("the job did not end")


def test_the_sums_are_the_same_after_the_log_was_counted_again(site: Site) -> None:
    site.reference(state="ready")
    for hour in (0, 3, 30):
        site.log(30, hour=hour)
        site.log(9, hour=hour, source="line-2", role="shadow", version="other")
    site.catch_up()
    before = site.sums()
    jobs = Jobs(site.database, alone=site.database.engine.dialect.name == "sqlite")
    rebuilding = Rebuilding(site.database, jobs, site.projection)
    job = site.database.write(lambda c: rebuilding.start(c, site.alice, "conveyor"))
    assert site.database.write(lambda c: rebuilding.start(c, site.alice, "conveyor")) == job, "it waits already"
    jobs.start()
    try:
        ended = finished(jobs, job)
    finally:
        jobs.stop()
    assert ended.state == "succeeded"  # type: ignore[attr-defined]
    assert ended.result["deployments"] == 1  # type: ignore[attr-defined]
    assert site.sums() == before


def test_a_reviewer_counts_nothing_again(site: Site) -> None:
    rita = site.database.write(lambda c: actors.named(c, "Rita", "person", "reviewer"))
    rebuilding = Rebuilding(site.database, Jobs(site.database), site.projection)
    with pytest.raises(NotAllowed):
        site.database.write(lambda c: rebuilding.start(c, rita))


def test_many_sums_are_taken_away_piece_by_piece(site: Site) -> None:
    for hour in (0, 1, 30):
        site.log(3, hour=hour)
        site.log(3, hour=hour, source="line-2")
    site.catch_up()
    pieces = 1
    while site.database.write(lambda c: sums.clear_some(c, site.deployment.id, 40)):
        pieces += 1
    assert pieces > 3
    assert site.sums() == {}
