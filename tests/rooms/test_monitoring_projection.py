"""The sums follow the log exactly once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.kit.errors import Conflict
from relens.monitoring import project, store, sums
from relens.monitoring.bucket import observed, states_of, summed
from relens.monitoring.erased import ErasedSums
from relens.monitoring.fill import fill
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.erase import Erasure
from relens.predictions.logged import ERASED, Entry
from relens.predictions.retention.expire import Retention
from tests.rooms.meanwhile import meanwhile
from tests.rooms.monitoring_material import START, Site, make_site


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def recount(site: Site) -> dict[object, list[float]]:
    """What the sums must be: every line of the log, counted in one go, without cursor or chunks."""
    with site.database.read() as connection:
        lines = predictions.since(connection, 0, 100_000, site.deployment.id)
        fitted = store.references(connection, site.deployment.id)
    states = states_of(site.projection.seen(lines, fitted, "kept"), "detection", summed(None, "detection"))
    return {cell: state.tolist() for cell, state in states.items()}


def test_the_sums_are_what_a_recount_of_the_log_gives(site: Site) -> None:
    for hour in (0, 1, 5):
        site.log(40, hour=hour)
        site.log(7, hour=hour, source=None)
    site.log(5, role="shadow", version="other")
    with site.database.read() as connection:
        assert store.behind(connection, site.deployment.id) == 3 * 47 + 5
    site.catch_up()
    with site.database.read() as connection:
        assert store.behind(connection, site.deployment.id) == 0
    assert site.sums() == recount(site)
    assert site.projection.caught_up(site.deployment.id)


def test_lines_are_counted_together_as_their_detections_are_one_by_one(site: Site) -> None:
    site.log(40)
    with site.database.read() as connection:
        lines = predictions.since(connection, 0, 100, site.deployment.id)
    failed = replace(lines[0], error="Timeout", detections=())
    erased = replace(lines[1], detections=(), keep_reason=ERASED)
    for task in ("detection", "classification"):
        metrics = summed(None, task)
        for extra, left_out in (((), None), ((failed,), "sees_failures"), ((erased,), "sees_erased")):
            seen = site.projection.seen([*lines, *extra], (), "kept")
            states = states_of(seen, task, metrics)
            for name, metric in metrics.items():
                its = seen if left_out is None or getattr(metric, left_out) else seen[: len(lines)]
                alone = metric.observe([observed(one, task == "classification") for one in its], None)
                together = {cell.label: state.tolist() for cell, state in states.items() if cell.metric == name}
                assert together == {label: state.tolist() for label, state in alone.items()}, name


def test_a_step_that_dies_before_its_commit_counts_nothing_and_is_done_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.log(60)
    site.log(60, hour=1)
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise ConnectionAbortedError("the machine went away")

        # The cursor moves last: dying there means that the sums had been written in the same transaction.
        patch.setattr(store, "move_cursor", die)
        with pytest.raises(ConnectionAbortedError):
            site.projection.step()
    assert site.sums() == {}
    site.catch_up()
    assert site.sums() == recount(site)


def test_two_servers_that_count_the_same_lines_count_them_once(site: Site) -> None:
    site.log(30)
    with site.database.read() as connection:
        lines = predictions.since(connection, 0, 100, site.deployment.id)
    counted = site.projection.count(site.deployment, lines, [], 0)
    first = site.database.write(partial(project._add, counted=counted))
    second = site.database.write(partial(project._add, counted=counted))
    assert (first, second) == (True, False)
    assert site.sums() == recount(site)


def test_a_rebuild_gives_identical_sums(site: Site) -> None:
    early = site.log(50)
    site.catch_up()
    row = site.reference(ready_seq=early[-1].log_seq)
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: None)
    site.log(50, hour=2, brightness=-0.2)
    site.log(10, hour=2, version="another", role="shadow")
    site.catch_up()
    before = site.sums()
    site.projection.rebuild(site.deployment.id)
    site.catch_up()
    assert before
    assert site.sums() == before == recount(site)


def test_a_rebuild_that_is_interrupted_goes_on(site: Site) -> None:
    site.log(50)
    site.catch_up()
    before = site.sums()
    site.projection.rebuild(site.deployment.id)
    assert site.projection.step()
    later = project.Projection(site.database, site.fitted)
    while later.step():
        pass
    assert site.sums() == before


def test_a_late_image_lands_in_the_hour_it_was_taken(site: Site) -> None:
    site.log(3, hour=9)
    site.log(2, hour=1)
    site.catch_up()
    with site.database.read() as connection:
        found = sums.cells(connection, site.deployment.id, ["volume"], sums.Which())
        by_hour = {(cell.bucket.hour - START) // 3_600_000_000: int(state[0]) for cell, state in found}
    assert by_hour == {9: 3, 1: 2}


def test_predictions_made_before_the_training_data_was_set_are_scored_afterwards(site: Site) -> None:
    early = site.log(40)
    site.catch_up()
    assert not [cell for cell in site.sums() if cell.metric in ("drift", "outlier")]  # type: ignore[attr-defined]
    row = site.reference(ready_seq=early[-1].log_seq)
    site.log(20, hour=1)
    site.catch_up()
    seen: list[tuple[int, int]] = []
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: seen.append((done, total)))
    assert site.sums() == recount(site)
    with site.database.read() as connection:
        lines = predictions.since(connection, 0, 100, site.deployment.id)
        state = store.references(connection, site.deployment.id)[0].state
    assert state == "ready"
    assert seen
    assert all(line.outlier is not None for line in lines)


def test_a_fill_that_dies_goes_on_where_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.monitoring.fill.CHUNK", 10)
    early = site.log(35)
    site.catch_up()
    row = site.reference(ready_seq=early[-1].log_seq)

    def dies_half_way(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(site.database, site.projection, site.deployment, row.id, dies_half_way)
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: None)
    assert site.sums() == recount(site)


def test_nothing_is_rebuilt_while_earlier_predictions_are_being_scored(site: Site) -> None:
    early = site.log(35)
    site.catch_up()
    site.reference(ready_seq=early[-1].log_seq)
    with pytest.raises(Conflict):
        site.projection.rebuild(site.deployment.id)


def test_a_new_champions_reference_leaves_the_scores_of_earlier_versions_alone(site: Site) -> None:
    site.reference(ready_seq=0, state="ready")
    old = site.log(30)
    new = site.log(30, hour=1, version="v2")
    site.catch_up()
    with site.database.read() as connection:
        before = {line.id: line.outlier for line in predictions.several(connection, [one.id for one in old])}
    row = site.reference(version="v2", ready_seq=new[-1].log_seq)
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: None)
    with site.database.read() as connection:
        after = {line.id: line.outlier for line in predictions.several(connection, [one.id for one in old])}
    assert after == before
    assert site.sums() == recount(site)
    references = {cell.reference for cell in site.sums() if cell.bucket.model_version == "v2"}  # type: ignore[attr-defined]
    assert references == {"", row.id}


def test_another_versions_image_is_judged_by_appearance_only(site: Site) -> None:
    row = site.reference(ready_seq=0, state="ready")
    site.log(20, version="stranger")
    site.catch_up()
    numbers = site.fitted.get(row.id).reference
    states = [state for cell, state in site.sums().items() if cell.metric == "drift"]  # type: ignore[attr-defined]
    cuts = np.cumsum([len(spread.counts) for spread in numbers.all_spreads()])[:-1]
    scores, *features = np.split(np.array(states[0]), cuts)
    by_family = {f.family: int(c.sum()) for f, c in zip(numbers.features, features, strict=True)}
    assert scores.sum() == 20
    assert by_family["image"] == 20
    assert by_family["model"] == by_family["prediction"] == 0


def test_sums_of_an_older_form_are_not_read_and_are_made_anew(site: Site) -> None:
    site.log(30)
    site.catch_up()
    expected = site.sums()

    def as_an_earlier_version_left_it(connection: Connection) -> None:
        table, cursor = sums.bucket, store.projection_cursor
        newer = table.c.metric.in_(["image_size/2", "box_size/2"])
        connection.execute(table.delete().where(newer))
        connection.execute(table.update().where(table.c.metric == "image_statistics/2").values(metric="image_statistics", state=b"b\x01"))  # fmt: skip
        connection.execute(cursor.update().values(kinds=""))

    site.database.write(as_an_earlier_version_left_it)
    day = Window(START, START + 24 * HOUR)
    old = site.measuring.dashboard(site.deployment, day, "3600").metrics
    assert not old["image_statistics"].available
    assert old["volume"].count == 30
    site.catch_up()
    assert site.sums() == expected
    assert site.measuring.metric(site.deployment, "image_statistics", day, "3600").available


def test_what_is_erased_is_taken_out_of_the_sums_as_a_recount_would_have_it(site: Site) -> None:
    early = site.log(20)
    site.catch_up()
    row = site.reference(ready_seq=early[-1].log_seq)
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: None)
    gone, kept = site.log(1, source="line-9", label="nut"), site.log(5, source="line-9", hour=2)
    shadow = Entry(
        site.deployment.id, gone[0].asset, 640, 480, "other", "shadow", gone[0].detections, 0.5, 9.0, START, parent=gone[0].id
    )  # fmt: skip
    site.database.write(lambda c: predictions.append(c, shadow))
    site.catch_up()
    erasure = Erasure(site.database, Retention(site.database, site.storage), [ErasedSums(site.projection).forget])
    late = site.log(3, hour=3)
    for line in (early[3], gone[0], late[1]):
        erasure.erase(line.id)
    day = Window(START, START + 24 * HOUR)
    assert site.measuring.metric(site.deployment, "label_distribution", replace(day, label="nut")).value is None
    per_image = site.measuring.metric(site.deployment, "detections_per_image", day, "3600").value
    assert per_image is not None
    assert (per_image["mean"], per_image["empty_share"]) == (1.0, 0.0), "a tombstone is not an image without detections"
    site.catch_up()
    after = site.sums()
    assert after == recount(site)
    site.projection.rebuild(site.deployment.id)
    site.catch_up()
    assert site.sums() == after
    assert site.measuring.metric(site.deployment, "volume", day, "3600").count == 20 + 1 + len(kept) + 3


def test_a_line_that_is_erased_while_it_is_counted_is_counted_as_its_tombstone(site: Site) -> None:
    (line,) = site.log(1)
    with site.database.read() as connection:
        lines = predictions.since(connection, 0, 100, site.deployment.id)
    counted = site.projection.count(site.deployment, lines, [], 0)
    Erasure(site.database, Retention(site.database, site.storage), [ErasedSums(site.projection).forget]).erase(line.id)
    assert not site.database.write(partial(project._add, counted=counted))
    site.catch_up()
    assert site.sums() == recount(site)


def test_a_line_that_is_erased_while_it_is_scored_leaves_no_score_in_the_sums(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = site.log(20)
    site.catch_up()
    row = site.reference(ready_seq=early[-1].log_seq)
    erasure = Erasure(site.database, Retention(site.database, site.storage), [ErasedSums(site.projection).forget])
    meanwhile(monkeypatch, site.database, lambda: erasure.erase(early[3].id))
    fill(site.database, site.projection, site.deployment, row.id, lambda done, total: None)
    assert site.sums() == recount(site)
    with site.database.read() as connection:
        assert predictions.get(connection, early[3].id).outlier is None
