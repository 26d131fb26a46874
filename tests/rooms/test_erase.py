"""What a person erases is gone, with its bytes and what people said of it; that it was there stays counted."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from time import sleep

import pytest
from sqlalchemy import Connection, func, select

from relens.assets import store as assets
from relens.assets.asset import storage_key
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.job import Job
from relens.kit import clock
from relens.kit.errors import Invalid
from relens.predictions import browse, signal_rows
from relens.predictions import store as predictions
from relens.predictions.browse import Filter
from relens.predictions.delete import Deletion, ask_to_delete
from relens.predictions.erase import Erasure, Forget
from relens.predictions.file_along import Filing
from relens.predictions.logged import Entry, Logged, NoPrediction
from relens.predictions.retention.expire import Retention
from relens.predictions.tables import prediction
from relens.review import question_rows
from relens.review import store as verdicts
from relens.review.ask import ask
from relens.review.forget import forget
from relens.review.settle import settle
from tests.rooms.test_retention import CLEAR, World, world

__all__ = ["world"]


def erase(world: World, line: Logged) -> str:
    return Erasure(world.database, world.retention(), forget=[forget]).erase(line.id).image


def test_an_erased_prediction_leaves_a_tombstone_and_true_counts(world: World) -> None:
    line = world.log(1, source="line-1", tags=("night",), metadata={"operator": "Bob"}, client_id="c-1")
    world.log(2, source="line-1")
    world.settle()
    assert erase(world, line) == "erased"
    assert not world.here(line)
    assert world.sums()["erased"][0] == 1
    with world.database.read() as connection:
        stone = predictions.get(connection, line.id)
        assert (stone.detections, stone.source, stone.tags, stone.metadata) == ((), None, (), {})
        assert (stone.keep_reason, stone.client_id, stone.log_seq) == ("erased", "c-1", line.log_seq)
        assert stone.asset != line.asset
        assert stone.scalars is None
        assert signal_rows.total(connection) == 2
        assert signal_rows.counts(connection, world.deployment.id) == {"pending": 1, "erased": 1}
        left = assets.left(connection, line.asset)
        assert left is not None
        assert left.reason == "a person erased it"


def test_an_erased_prediction_is_found_by_no_search(world: World) -> None:
    line = world.log(1, source="line-1", tags=("night",))
    erase(world, line)
    with world.database.read() as connection:
        for wanted in (Filter(source="line-1"), Filter(tag="night"), Filter(label="WBC")):
            assert found(connection, world, wanted) == []


def test_what_is_left_says_neither_how_many_were_found_nor_how_sure_nor_how_strange(world: World) -> None:
    line = world.log(1)
    world.database.write(lambda connection: signal_rows.set_outliers(connection, {line.id: 0.97}))
    asked = ("outlier > 0.5", "confidence > 0.01", "count > 0", "label = none", "count = 0")
    with world.database.read() as connection:
        before = [len(found(connection, world, Filter(query=query))) for query in asked]
    assert before == [1, 1, 1, 0, 0]
    erase(world, line)
    with world.database.read() as connection:
        assert [found(connection, world, Filter(query=query)) for query in asked] == [[]] * len(asked)
        assert predictions.get(connection, line.id).outlier is None


def found(connection, world: World, wanted: Filter) -> list[Logged]:  # type: ignore[no-untyped-def]
    lines: list[Logged] = browse.page(connection, world.deployment.id, wanted, "-taken_at", 10, None)[0]
    return lines


def test_what_people_said_of_it_goes_and_that_they_did_stays(world: World) -> None:
    line = world.log(1)
    world.database.write(
        lambda connection: settle(connection, line.id, "accepted", actor=world.alice, reason="Bob's arm")
    )
    assert erase(world, line) == "erased"
    with world.database.read() as connection:
        history = verdicts.history(connection, line.id)
        assert [(said.status, said.annotations, said.reason) for said in history] == [
            ("accepted", (), ""),
            ("pending", (), ""),
        ]
        assert signal_rows.counts(connection, world.deployment.id) == {"erased": 1}


def test_nobody_reviews_what_was_erased_meanwhile(world: World) -> None:
    line = world.log(1)
    world.settle()
    erase(world, line)
    with pytest.raises(NoPrediction, match="erased"):
        world.database.write(lambda connection: settle(connection, line.id, "accepted", actor=world.alice))
    with world.database.read() as connection:
        assert verdicts.get(connection, line.id) is None
        assert signal_rows.counts(connection, world.deployment.id) == {"erased": 1}


def test_what_is_erased_on_another_server_while_it_is_reviewed_says_nothing_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two comes first: the other one sees it."""
    line = world.log(1)
    world.settle()
    other = Database(world.database.engine.url.render_as_string(hide_password=False))
    erasing = Thread(target=Erasure(other, Retention(other, world.storage), [forget]).erase, args=(line.id,))
    get = predictions.get

    def read_then_it_is_erased(connection: Connection, prediction_id: str) -> Logged:
        found = get(connection, prediction_id)
        monkeypatch.undo()
        erasing.start()
        erasing.join(1.0)
        return found

    monkeypatch.setattr(predictions, "get", read_then_it_is_erased)
    world.database.write(lambda connection: settle(connection, line.id, "accepted", actor=world.alice, reason="Bob"))
    erasing.join(20)
    other.close()
    with world.database.read() as connection:
        assert [(one.status, one.reason) for one in verdicts.history(connection, line.id)] == [
            ("accepted", ""),
            ("pending", ""),
        ]


def test_nobody_asks_about_what_was_erased_meanwhile(world: World) -> None:
    line = world.log(1)
    world.settle()
    erase(world, line)
    with pytest.raises(NoPrediction, match="erased"):
        world.database.write(lambda connection: ask(connection, line.id, "Is this Bob?", actor=world.alice))
    with world.database.read() as connection:
        assert question_rows.get(connection, line.id) is None


def test_an_image_that_a_dataset_or_another_prediction_needs_stays(world: World) -> None:
    line, again = world.log(1), world.log(1)
    assert erase(world, line) == "needed by others"
    assert world.here(again)
    world.database.write(lambda connection: assets.pin(connection, [again.asset], "dataset version", "v1"))
    assert erase(world, again) == "needed by others"
    assert world.storage.exists(storage_key(again.asset))


def test_erasing_twice_changes_nothing_and_a_stranger_is_refused(world: World) -> None:
    line = world.log(1)
    assert (erase(world, line), erase(world, line)) == ("erased", "none here")
    with pytest.raises(NoPrediction):
        Erasure(world.database, world.retention()).erase("nobody")


def test_a_line_that_was_erased_before_it_was_filed_says_no_more_than_others(world: World) -> None:
    waiting = world.database.write(lambda connection: predictions.append_many(connection, [elsewhere(world, 1)]))[0][0]
    erase(world, waiting)
    while Filing(world.database).step():
        pass
    with world.database.read() as connection:
        assert [found(connection, world, Filter(query=query)) for query in ("label = none", "count = 0")] == [[], []]
        assert signal_rows.counts(connection, world.deployment.id) == {"erased": 1}


def test_an_image_stays_that_a_line_needs_which_nobody_has_filed_yet(world: World) -> None:
    line = world.log(1)
    world.settle()
    again = elsewhere(world, 0, asset=line.asset)
    world.database.write(lambda connection: predictions.append_many(connection, [again]))
    assert erase(world, line) == "needed by others"
    assert world.here(line)


def test_a_deployment_is_deleted_with_lines_that_nobody_has_filed_yet(world: World) -> None:
    world.log(1)
    some = [elsewhere(world, number) for number in range(60)]
    world.database.write(lambda connection: predictions.append_many(connection, some))
    ended = delete(world)
    assert (ended.state, ended.result) == ("succeeded", {"erased": 61})
    with world.database.read() as connection:
        reasons = select(prediction.c.keep_reason, func.count()).group_by(prediction.c.keep_reason)
        assert [tuple(row) for row in connection.execute(reasons)] == [("erased", 61)]


def test_a_deletion_that_fails_leaves_a_deployment_that_can_be_restored(world: World) -> None:
    def broken(_connection: Connection, _line: Logged) -> None:
        raise Invalid("it cannot be forgotten")

    world.log(1)
    assert delete(world, forget=[broken]).state == "failed"
    with world.database.read() as connection:
        assert deployments.get(connection, world.deployment.id).deleting_since is None
    assert delete(world, archive=False).state == "succeeded"


def elsewhere(world: World, number: int, asset: str | None = None) -> Entry:
    size, where = (24, 16), asset or f"{number:064x}"
    return Entry(world.deployment.id, where, *size, None, "champion", CLEAR, 0.5, 5.0, clock.now(), origin="external")


def delete(world: World, forget: Sequence[Forget] = (), archive: bool = True) -> Job:
    jobs = Jobs(world.database)
    Deletion(world.database, Erasure(world.database, world.retention(), forget)).register(jobs)

    def ask(connection: Connection) -> str:
        if archive:
            change.archive(connection, world.deployment)
        now = deployments.get(connection, world.deployment.id)
        return ask_to_delete(connection, jobs, now, now.name, world.alice)

    job = world.database.write(ask)
    jobs.start()
    while (ended := jobs.get(job)).is_open:
        sleep(0.01)
    jobs.stop()
    return ended
