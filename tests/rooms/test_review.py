"""Settling, reopening and queueing on real rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from relens.access import store as actors
from relens.access.actor import Actor
from relens.assets import store as assets  # noqa: F401 - its tables
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, Role
from relens.infra.database import Database
from relens.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated
from relens.kit.ids import content_id, new_id
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.logged import Entry, Logged
from relens.review import queue, queue_rows, store
from relens.review.checks import checks
from relens.review.habits import Habits
from relens.review.lineup import Lineup
from relens.review.settle import reopen, settle
from relens.review.verdict import Verdict
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

BOX = Box(10, 10, 40, 30)


@pytest.fixture
def alice(database: Database) -> Actor:
    return database.write(lambda connection: actors.named(connection, "Alice", "person", "reviewer"))


@pytest.fixture
def deployment(database: Database) -> Deployment:
    made = Deployment(
        new_id(), "cells", "detection", ("WBC", "RBC"), "server", 0.3, 1, new_id(), None, None, 0.0, {}, 0, "x"
    )
    database.write(lambda connection: deployments.insert(connection, made))
    return made


def log(
    database: Database, deployment: Deployment, *detections: Detection, name: str = "image", role: Role = "champion"
) -> Logged:
    entry = Entry(
        deployment.id,
        content_id(name.encode()),
        100,
        50,
        deployment.champion,
        role,
        detections,
        0.3,
        5.0,
        1_000,
    )
    return database.write(lambda connection: predictions.append(connection, entry))[0]


@pytest.fixture
def logged(database: Database, deployment: Deployment) -> Logged:
    return log(database, deployment, Detection("WBC", 0.9, BOX), Detection("RBC", 0.1, Box(0, 0, 5, 5)))


def say(
    database: Database, logged: Logged, status: str, actor: Actor, *annotations: Annotation, **more: str
) -> Verdict:
    return database.write(lambda c: settle(c, logged.id, status, annotations, actor=actor, **more))  # type: ignore[arg-type]


def test_an_accepted_prediction_keeps_only_what_was_answered(database: Database, logged: Logged, alice: Actor) -> None:
    verdict = say(database, logged, "accepted", alice)
    assert verdict.annotations == (Annotation("WBC", BOX),)
    with database.read() as connection:
        assert store.get(connection, logged.id) == verdict
        assert predictions.get(connection, logged.id).review == "accepted"
        assert store.current(connection, logged.deployment) == [verdict]


def test_the_same_verdict_sent_twice_is_one_verdict_even_with_the_old_etag(
    database: Database, logged: Logged, alice: Actor
) -> None:
    first = say(database, logged, "corrected", alice, Annotation("RBC", BOX), if_match="0")
    again = say(database, logged, "corrected", alice, Annotation("RBC", BOX), if_match="0")
    assert again == first
    with database.read() as connection:
        assert store.history(connection, logged.id) == [first]


def test_a_verdict_somebody_else_changed_is_not_overwritten(database: Database, logged: Logged, alice: Actor) -> None:
    say(database, logged, "accepted", alice, if_match="0")
    bob = database.write(lambda connection: actors.named(connection, "Bob", "person", "reviewer"))
    with pytest.raises(Outdated, match="Alice made it 'accepted'"):
        say(database, logged, "unusable", bob, if_match="0")
    assert say(database, logged, "unusable", bob, reason="blurred", if_match="1").revision == 2


def test_a_reopened_verdict_is_pending_and_its_history_stays(database: Database, logged: Logged, alice: Actor) -> None:
    first = say(database, logged, "accepted", alice)
    taken_back = database.write(lambda connection: reopen(connection, logged.id, actor=alice))
    assert taken_back is not None
    assert (taken_back.status, taken_back.annotations, taken_back.revision) == ("pending", (), 2)
    with database.read() as connection:
        assert predictions.get(connection, logged.id).review == "pending"
        assert [verdict.status for verdict in store.history(connection, logged.id)] == ["accepted", "pending"]
        assert store.since(connection, first.seq) == [taken_back]
    again = say(database, logged, "accepted", alice)
    assert again.seq > taken_back.seq > first.seq


def test_reopening_what_nobody_reviewed_changes_nothing(database: Database, logged: Logged, alice: Actor) -> None:
    assert database.write(lambda connection: reopen(connection, logged.id, actor=alice)) is None
    with database.read() as connection:
        assert store.last_seq(connection) == 0


def test_a_refused_verdict_leaves_no_trace(database: Database, logged: Logged, alice: Actor) -> None:
    with pytest.raises(Invalid):
        say(database, logged, "corrected", alice, Annotation("dog", BOX))
    with pytest.raises(NotFound):
        database.write(lambda connection: settle(connection, new_id(), "accepted", actor=alice))
    viewer = database.write(lambda connection: actors.named(connection, "Charlie", "person", "viewer"))
    with pytest.raises(NotAllowed):
        say(database, logged, "accepted", viewer)
    with database.read() as connection:
        assert store.get(connection, logged.id) is None
        assert predictions.get(connection, logged.id).review == "pending"


def test_of_two_reviewers_who_save_at_once_one_is_told(
    database: Database, deployment: Deployment, alice: Actor
) -> None:
    bob = database.write(lambda connection: actors.named(connection, "Bob", "person", "reviewer"))
    for number in range(10):
        logged = log(database, deployment, Detection("WBC", 0.9, BOX), name=f"race {number}")
        with ThreadPoolExecutor(2) as pool:
            futures = [
                pool.submit(say, database, logged, s, a, if_match="0")
                for s, a in (("accepted", alice), ("unusable", bob))
            ]
            errors = [future.exception() for future in futures]
        assert sum(error is None for error in errors) == 1
        assert sum(isinstance(error, Outdated) for error in errors) == 1


def test_seq_numbers_every_change_of_every_verdict(database: Database, deployment: Deployment, alice: Actor) -> None:
    lines = [log(database, deployment, Detection("WBC", 0.9, BOX), name=str(number)) for number in range(5)]
    for line in lines:
        say(database, line, "accepted", alice)
    say(database, lines[0], "skipped", alice)
    with database.read() as connection:
        changed = store.since(connection, 0)
        assert [verdict.prediction for verdict in changed] == [line.id for line in (*lines[1:], lines[0])]
        assert signal_rows.counts(connection, deployment.id) == {"accepted": 4, "skipped": 1}
        assert [verdict.prediction for verdict in store.page(connection, deployment.id, ("accepted",), None, 2)] == [
            lines[4].id,
            lines[3].id,
        ]


class Mixed(Habits):
    """Any share, also those that nobody may choose."""

    def __post_init__(self) -> None:
        return None


def lined_up(database: Database) -> Lineup:
    lineup = Lineup(database)
    while lineup.step():
        pass
    return lineup


def chosen(
    database: Database, deployment: Deployment, limit: int, share: float = 0.5, actor: str = ""
) -> list[queue.Chosen]:
    with database.read() as connection:
        return queue.choose(connection, deployment, limit, Mixed(share), actor)


def test_the_queue_mixes_chance_with_doubt_and_shows_an_image_once(database: Database, deployment: Deployment) -> None:
    for number in range(30):
        log(database, deployment, Detection("WBC", 0.99, BOX), name=f"sure {number}")
    doubtful = [log(database, deployment, Detection("WBC", 0.3, BOX), name=f"doubtful {number}") for number in range(4)]
    log(database, deployment, Detection("WBC", 0.3, BOX), name="doubtful 0")
    lined_up(database)
    found = chosen(database, deployment, 10)
    assert len({one.logged.asset for one in found}) == len(found) == 10
    assert [one.lane for one in found] == ["hard cases", "random checks"] * 5
    assert {one.asset for one in doubtful} <= {one.logged.asset for one in found}
    assert [one.logged.id for one in chosen(database, deployment, 10)] == [one.logged.id for one in found]


def test_a_strange_image_comes_up_among_the_hard_cases(database: Database, deployment: Deployment) -> None:
    for number in range(40):
        log(database, deployment, Detection("WBC", 0.9, BOX), name=f"usual {number}")
    strange = log(database, deployment, Detection("WBC", 0.95, BOX), name="strange")
    lined_up(database)
    database.write(lambda connection: signal_rows.set_outliers(connection, {strange.id: 0.999}))
    assert chosen(database, deployment, 3, share=0.0)[0].logged.id == strange.id


def test_a_settled_prediction_leaves_the_queue_and_a_reopened_one_comes_back(
    database: Database, deployment: Deployment, logged: Logged, alice: Actor
) -> None:
    lined_up(database)
    for share in (0.0, 1.0):
        assert [one.logged.id for one in chosen(database, deployment, 5, share)] == [logged.id]
    say(database, logged, "skipped", alice)
    assert chosen(database, deployment, 5) == []
    database.write(lambda connection: reopen(connection, logged.id, actor=alice))
    for share in (0.0, 1.0):
        assert [one.logged.id for one in chosen(database, deployment, 5, share, alice.id)] == [logged.id]
        assert chosen(database, deployment, 5, share, "bob") == [], "who took it back has it at hand"
    say(database, logged, "skipped", alice)
    database.write(lambda connection: reopen(connection, logged.id, actor=alice, hold=False))
    assert [one.logged.id for one in chosen(database, deployment, 5, actor="bob")] == [logged.id]


def test_what_a_shadow_said_is_not_queued(database: Database, deployment: Deployment) -> None:
    log(database, deployment, Detection("WBC", 0.5, BOX), role="shadow")
    lined_up(database)
    assert chosen(database, deployment, 5) == []


def test_the_lane_that_chose_an_image_first_is_remembered(
    database: Database, deployment: Deployment, logged: Logged
) -> None:
    lined_up(database)
    for share in (1.0, 0.0):
        found = chosen(database, deployment, 1, share)
        database.write(lambda connection, found=found: queue.give_out(connection, found, "alice", 0))  # type: ignore[misc]
    with database.read() as connection:
        assert queue_rows.lanes(connection, [logged.id]) == {logged.id: "random checks"}


def test_a_classification_that_answered_nothing_is_a_conflict_not_a_crash(database: Database, alice: Actor) -> None:
    made = Deployment(
        new_id(), "waste", "classification", ("glass", "paper"), "server", 0.9, 1, None, None, None, 0.0, {}, 0, "x"
    )
    database.write(lambda connection: deployments.insert(connection, made))
    unsure = log(database, made, Detection("glass", 0.2), name="waste")
    with pytest.raises(Conflict):
        say(database, unsure, "accepted", alice)
    assert say(database, unsure, "corrected", alice, Annotation("paper")).annotations == (Annotation("paper"),)


def test_two_reviewers_are_never_given_the_same_image(database: Database, deployment: Deployment) -> None:
    for number in range(12):
        log(database, deployment, Detection("WBC", 0.3 + number / 20, BOX), name=f"image {number}")
    lined_up(database)

    def given(actor: str, now: int) -> set[str]:
        with database.read() as connection:
            found = queue.choose(connection, deployment, 5, Habits(), actor, now)
        return {
            one.logged.id for one in database.write(lambda connection: queue.give_out(connection, found, actor, now))
        }

    alices, bobs = given("alice", 0), given("bob", 1)
    assert len(alices) == len(bobs) == 5
    assert not alices & bobs
    assert given("alice", 2) == alices, "asked again, she has what she holds"
    later = queue_rows.HOLD_S * 1_000_000 + 10
    assert given("carol", later) & (alices | bobs), "what nobody settled in time is offered again"


def test_of_two_who_ask_at_once_each_image_is_given_to_one(database: Database, deployment: Deployment) -> None:
    for number in range(4):
        log(database, deployment, Detection("WBC", 0.4, BOX), name=f"image {number}")
    lined_up(database)
    found = chosen(database, deployment, 4)
    first, second = (
        database.write(lambda connection, who=who: queue.give_out(connection, found, who, 0))  # type: ignore[misc]
        for who in ("alice", "bob")
    )
    assert len(first) == 4
    assert second == []


def test_random_checks_keep_the_probability_with_which_they_were_drawn(
    database: Database, deployment: Deployment, alice: Actor
) -> None:
    for number in range(10):
        log(database, deployment, Detection("WBC", 0.1 + number / 12, BOX), name=f"image {number}")
    lined_up(database)
    for _ in range(4):
        say(database, chosen(database, deployment, 1, share=1.0)[0].logged, "accepted", alice)
    log(database, deployment, Detection("WBC", 0.5, BOX), name="a late one")
    lined_up(database)
    with database.read() as connection:
        drawn = checks(connection, deployment.id)
        waiting = queue_rows.by_chance(connection, deployment.id, 20)
    assert len(drawn) == 4
    assert {check.status for check in drawn} == {"accepted"}
    assert all(0 < check.probability <= 1 for check in drawn)
    assert len(waiting) == 7, "what came late had no chance yet, and counts from the next review on"
    for _ in range(7):
        say(database, chosen(database, deployment, 1, share=1.0)[0].logged, "skipped", alice)
    with database.read() as connection:
        everything = checks(connection, deployment.id)
    assert [check.probability for check in everything] == [1.0] * 11, (
        "whoever looks at all of them has no sample but everything"
    )
    assert sum(check.status == "skipped" for check in everything) == 7
