"""Several people review one deployment: each gets their own, some images are looked at twice, and one review of an image counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor, Permission
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra import settings
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.errors import NotAllowed
from relens.monitoring.window import MINUTE
from relens.predictions.logged import Logged
from relens.review import blind, check_rows, look_again, look_rows, queue_rows, store, team_numbers
from relens.review.blind import NotBlind
from relens.review.checks import checks
from relens.review.forget import forget
from relens.review.habits import Habits
from relens.review.look_again import NoSecondLook
from relens.review.look_rows import Second
from relens.review.offer import Given, offer
from relens.review.settle import reopen, settle, subject_of
from relens.review.team import BadTeam, Rule, Team
from relens.review.team_numbers import paces, seeing
from relens.review.verdict import Status, Verdict
from relens.testing.tiny_models import detector
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from tests.rooms.test_queue import BOX, ELSEWHERE, Line
from tests.server_process import running

CELL = Detection("RBC", 0.9, BOX)


class Group:
    """A deployment with a team, and people who review."""

    def __init__(self, database: Database, team: Team) -> None:
        self.line = Line(database)
        self.database = database
        self.set(team)

    def set(self, team: Team) -> None:
        def write(connection: object) -> None:
            here = deployments.get(connection, self.line.deployment.id)  # type: ignore[arg-type]
            change.set_settings(connection, here, {"review_team": team.to_json()})  # type: ignore[arg-type]

        self.database.write(write)
        with self.database.read() as connection:
            self.line.deployment = deployments.get(connection, self.line.deployment.id)

    def person(self, name: str, permission: Permission = "reviewer") -> Actor:
        return self.database.write(lambda connection: actors.named(connection, name, "person", permission))

    def log(self, *names: str, **more: object) -> list[Logged]:
        lines = [self.line.log(name, CELL, **more) for name in names]  # type: ignore[arg-type]
        self.line.catch_up()
        return lines

    def given(self, actor: Actor, limit: int = 20, later: int = 0) -> list[Given]:
        return offer(self.database, self.line.deployment, limit, actor, clock.now() + later, True)

    def review(self, one: Logged, actor: Actor, status: Status = "accepted", *said: Annotation) -> Verdict:
        return self.database.write(lambda connection: settle(connection, one.id, status, said, actor=actor))

    def look(self, one: Logged, actor: Actor, status: Status = "accepted", *said: Annotation) -> Second:
        subject = subject_of(self.line.deployment, one)
        return self.database.write(
            lambda connection: look_again.look(connection, one.id, status, said, subject, actor=actor)
        )

    def says(self, one: Logged) -> Verdict:
        with self.database.read() as connection:
            found = store.get(connection, one.id)
        assert found is not None
        return found


def change_to_checks_alone(group: Group) -> None:
    def write(connection: object) -> None:
        here = deployments.get(connection, group.line.deployment.id)  # type: ignore[arg-type]
        change.set_settings(connection, here, {"review_queue": Habits(1.0).to_json()})  # type: ignore[arg-type]

    group.database.write(write)
    with group.database.read() as connection:
        group.line.deployment = deployments.get(connection, group.line.deployment.id)


@pytest.fixture
def group(database: Database) -> Group:
    return Group(database, Team(second_share=1.0))


def test_a_rules_images_go_to_its_people_and_the_rest_to_everybody(database: Database) -> None:
    rules = (Rule("source = line-1", ("Alice",)), Rule("source = line-2", ("Bob", "Carla")))
    group = Group(database, Team(rules))
    alice, bob, dora = (group.person(name) for name in ("Alice", "Bob", "Dora"))
    one = {line.id for line in group.log("a", "b", source="line-1")}
    two = {line.id for line in group.log("c", source="line-2")}
    rest = {line.id for line in group.log("d", source="line-3")}

    def offered(actor: Actor, later: int) -> set[str]:
        return {given.logged.id for given in group.given(actor, later=later)}

    assert offered(alice, 0) == one | rest
    assert offered(bob, 20 * MINUTE) == two | rest
    assert offered(dora, 40 * MINUTE) == rest


def test_while_an_assigned_check_waits_no_later_one_counts_and_the_team_is_told(database: Database) -> None:
    group = Group(database, Team((Rule("source = line-1", ("Alice",)),)))
    alice, bob = group.person("Alice"), group.person("Bob")
    lines = {line.id: line for name in map(str, range(30)) for line in group.log(name, source=f"line-{int(name) % 2}")}
    with database.read() as connection:
        order = queue_rows.by_chance(connection, group.line.deployment.id, 30)
    for given in group.given(bob):
        assert given.logged.source == "line-0"
        group.review(given.logged, bob)
    with database.read() as connection:
        waits = next(one for one in order if lines[one].source == "line-1")
        counted = {one.prediction for one in checks(connection, group.line.deployment.id)}
        assert counted == set(order[: order.index(waits)])
        held_back = check_rows.not_yet_drawn(connection, group.line.deployment.id)
    for given in group.given(alice):
        group.review(given.logged, alice)
    with database.read() as connection:
        assert held_back > 0
        assert check_rows.not_yet_drawn(connection, group.line.deployment.id) == 0
        assert len(checks(connection, group.line.deployment.id)) == 30


def test_a_random_check_that_its_people_leave_waiting_for_days_is_offered_to_everybody(database: Database) -> None:
    group = Group(database, Team((Rule("source = line-1", ("Alice",)),), patience_days=2))
    change_to_checks_alone(group)
    bob = group.person("Bob")
    assigned = {line.id for line in group.log("a", "b", source="line-1")}
    free = {line.id for line in group.log("c", source="line-2")}

    def offered(days: float) -> set[str]:
        return {given.logged.id for given in group.given(bob, later=int(days * 24 * 60) * MINUTE)}

    assert offered(1.9) == free
    assert offered(2.1) == free | assigned
    group.set(Team((Rule("source = line-1", ("Alice",)),), patience_days=None))
    change_to_checks_alone(group)
    assert offered(300) == free


def test_another_person_looks_again_and_sees_nothing_of_the_first(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    (one,) = group.log("a")
    group.review(one, alice, "corrected", Annotation("WBC", BOX))
    assert group.given(alice) == []
    (given,) = group.given(bob)
    assert (given.lane, given.logged.id, given.logged.review, given.looks) == ("second look", one.id, "pending", ())
    assert group.given(group.person("Carla")) == []  # Bob holds it
    with pytest.raises(NoSecondLook, match="another person"):
        group.look(one, alice)


def test_an_equal_second_look_agrees_and_changes_nothing(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    (one,) = group.log("a")
    before = group.review(one, alice)
    near = Annotation("RBC", replace(BOX, x1=BOX.x1 + 1))
    assert group.look(one, bob, "corrected", near).outcome == "agreed"
    assert group.look(one, bob, "corrected", near).outcome == "agreed"  # sent twice
    assert group.says(one) == before
    assert group.given(group.person("Carla")) == []


def test_a_second_look_can_be_taken_back_until_somebody_decided(group: Group) -> None:
    alice, bob, carla = (group.person(name) for name in ("Alice", "Bob", "Carla"))
    (one,) = group.log("a")
    group.review(one, alice)
    group.look(one, bob, "unusable")
    group.database.write(lambda connection: look_again.withdraw(connection, one.id, actor=bob))
    assert [given.logged.id for given in group.given(bob)] == [one.id]
    assert group.given(carla) == [], "who took it back has it at hand"
    assert group.look(one, bob).outcome == "agreed"
    group.database.write(lambda connection: look_again.withdraw(connection, one.id, actor=bob))
    group.look(one, bob, "unusable")
    group.review(one, carla, "unusable")
    with pytest.raises(NoSecondLook):
        group.database.write(lambda connection: look_again.withdraw(connection, one.id, actor=bob))


def test_of_two_second_looks_at_the_same_moment_one_counts_and_the_other_is_told(group: Group) -> None:
    if group.database.engine.dialect.name != "postgresql":
        pytest.skip("one server writes, one after the other")
    alice, bob, carla = (group.person(name) for name in ("Alice", "Bob", "Carla"))
    (one,) = group.log("a")
    group.review(one, alice)
    subject = subject_of(group.line.deployment, one)

    def look(connection: Connection, actor: Actor) -> Second:
        return look_again.look(connection, one.id, "accepted", (), subject, actor=actor)

    def of_another_server() -> Second:
        with group.database.engine.begin() as connection:
            return look(connection, carla)

    with ThreadPoolExecutor(1) as threads:
        with group.database.engine.begin() as connection:
            look(connection, bob)
            other = threads.submit(of_another_server)
            wait([other], 0.5)
        with pytest.raises(NoSecondLook, match="meanwhile"):
            other.result(10)
    with group.database.read() as connection:
        kept = look_rows.second(connection, one.id)
    assert kept is not None
    assert kept.second_by == bob.id


def test_where_two_differ_the_first_counts_until_a_third_decides(group: Group) -> None:
    alice, bob, carla = (group.person(name) for name in ("Alice", "Bob", "Carla"))
    (one,) = group.log("a")
    before = group.review(one, alice)
    assert (
        group.look(one, bob, "corrected", Annotation("RBC", BOX), Annotation("WBC", ELSEWHERE)).outcome == "disagreed"
    )
    assert group.says(one) == before
    assert group.given(alice) == []
    assert group.given(bob) == []
    with pytest.raises(NotAllowed, match="third person"):
        group.review(one, bob, "corrected", Annotation("RBC", BOX), Annotation("WBC", ELSEWHERE))
    (given,) = group.given(carla)
    assert given.lane == "third look"
    assert {len(look.annotations) for look in given.looks} == {1, 2}
    assert given.revision == before.revision
    group.review(one, carla, "corrected", Annotation("WBC", ELSEWHERE))
    assert group.says(one).actor.name == "Carla"
    with group.database.read() as connection:
        found = seeing(connection, group.line.deployment)
    assert (found.agreement.count, found.agreement.of, found.settled, found.disputed) == (0, 1, 1, 0)


def test_where_the_owner_settles_a_third_reviewer_may_not(database: Database) -> None:
    group = Group(database, Team(second_share=1.0, settled_by="owner"))
    alice, bob, carla = (group.person(name) for name in ("Alice", "Bob", "Carla"))
    owner = group.person("Olga", "owner")
    (one,) = group.log("a")
    group.review(one, alice)
    group.look(one, bob, "unusable")
    assert group.given(carla) == []
    with pytest.raises(NotAllowed, match="owner"):
        group.review(one, carla, "unusable")
    assert [given.lane for given in group.given(owner)] == ["third look"]
    group.review(one, owner, "unusable")
    assert group.says(one).status == "unusable"


def test_a_reopened_image_needs_no_second_look(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    (one,) = group.log("a")
    group.review(one, alice)
    group.database.write(lambda connection: reopen(connection, one.id, actor=alice))
    group.review(one, bob, "skipped")
    with group.database.read() as connection:
        assert look_rows.seconds(connection, one.deployment, ("open",)) == []


def test_second_looks_are_no_checks_of_the_version(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    (one,) = group.log("a")
    group.review(one, alice)
    with group.database.read() as connection:
        before = checks(connection, one.deployment)
    group.look(one, bob, "corrected")
    with group.database.read() as connection:
        assert checks(connection, one.deployment) == before
        assert len(before) == 1


def test_a_blind_check_begins_without_the_answer_and_says_what_was_overlooked(database: Database) -> None:
    group = Group(database, Team(blind_share=1.0))
    alice = group.person("Alice")
    change_to_checks_alone(group)
    line = group.line.log("a", CELL, Detection("WBC", 0.8, ELSEWHERE))
    group.line.catch_up()
    (given,) = group.given(alice, limit=1)
    assert given.lane == "random checks"
    assert given.blind
    subject = subject_of(group.line.deployment, line)

    def draw(*said: Annotation) -> look_rows.Blind:
        return group.database.write(
            lambda connection: blind.draw(connection, group.line.deployment, line, said, subject, alice)
        )

    first = draw(Annotation("RBC", BOX))
    assert draw(Annotation("RBC", BOX), Annotation("WBC", ELSEWHERE)) == first
    (again,) = group.given(alice, limit=1)
    assert not again.blind  # a reload shows the answer: a second drawing would not be blind
    group.review(line, alice)
    with database.read() as connection:
        found = seeing(connection, group.line.deployment)
    assert (found.overlooked.count, found.overlooked.of, found.blind) == (1, 2, 1)


def test_only_images_that_began_blind_can_be_drawn_blind(group: Group) -> None:
    alice = group.person("Alice")
    (one,) = group.log("a")
    subject = subject_of(group.line.deployment, one)
    with pytest.raises(NotBlind):
        group.database.write(lambda connection: blind.draw(connection, group.line.deployment, one, (), subject, alice))


def test_images_decided_together_took_their_part_of_the_time_each() -> None:
    assert team_numbers.seconds_each(range(0, 33 * clock.SECOND, 3 * clock.SECOND)) == 3
    twenty = [42 * clock.SECOND + 15_000 * place for place in range(20)]
    assert team_numbers.seconds_each([0, *twenty]) == pytest.approx(2.1)
    assert team_numbers.seconds_each(twenty) is None, "there was nothing before them to count from"


def test_how_quick_somebody_is_needs_a_few_images_in_a_row(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_numbers, "_TOGETHER", 0)
    alice = group.person("Alice")
    for one in group.log(*"abcdefgh"):
        group.review(one, alice)
    with group.database.read() as connection:
        (pace,) = paces(connection, group.line.deployment, clock.now())
        assert (pace.name, pace.images) == ("Alice", 8)
        assert pace.seconds is not None
        assert pace.seconds < 60


def test_all_images_of_a_busy_month_are_counted(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_numbers, "_MOST", 6)
    alice, bob = group.person("Alice"), group.person("Bob")
    lines = group.log(*"abcdefgh")
    for place, one in enumerate(lines):
        group.review(one, bob if place < 1 else alice)
    with group.database.read() as connection:
        found = paces(connection, group.line.deployment, clock.now())
    assert [(one.name, one.images) for one in found] == [("Alice", 7), ("Bob", 1)]


def test_who_asks_for_one_image_holds_none_that_is_not_shown(group: Group) -> None:
    alice, bob, carla = (group.person(name) for name in ("Alice", "Bob", "Carla"))
    one, other = group.log("a", "b")
    group.review(one, alice)
    (given,) = group.given(bob, limit=1)
    assert given.logged.id == other.id
    (again,) = group.given(carla, limit=1)
    assert (again.logged.id, again.lane) == (one.id, "second look")


def test_who_asks_for_one_image_at_a_time_gets_second_looks_between_new_ones(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    reviewed = group.log("a", "b")
    for one in reviewed:
        group.review(one, alice)
    group.log(*"cdefghij")
    lanes = []
    for _ in range(9):
        (given,) = group.given(bob, limit=1)
        assert group.given(bob, limit=1) == [given]  # the same until it is looked at
        lanes.append(given.lane)
        if given.lane == "second look":
            group.look(given.logged, bob)
        else:
            group.review(given.logged, bob)
    assert [place for place, lane in enumerate(lanes) if lane == "second look"] == [3, 7]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Team(second_share=1.5),
        lambda: Team(blind_share=float("nan")),
        lambda: Rule("source = line-1", ()),
        lambda: Rule("  ", ("Alice",)),
        lambda: Team(patience_days=-1),
        lambda: Team(settled_by="nobody"),  # type: ignore[arg-type]
    ],
)
def test_a_team_that_cannot_work_is_refused(wrong: object) -> None:
    with pytest.raises(BadTeam):
        wrong()  # type: ignore[operator]


def test_an_erased_image_takes_its_looks_with_it(group: Group) -> None:
    alice, bob = group.person("Alice"), group.person("Bob")
    (one,) = group.log("a")
    group.review(one, alice)
    group.look(one, bob, "unusable")
    group.database.write(lambda connection: forget(connection, one))
    with group.database.read() as connection:
        assert look_rows.second(connection, one.id) is None


def test_a_new_deployment_begins_with_some_of_each_and_a_share_left_out_stays(tmp_path: Path) -> None:
    with running(tmp_path / "home", RELENS_BLIND_SHARE="", RELENS_SECOND_SHARE="0.2") as server:
        server.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
        wish = {"name": "line", "model_version": "spotter/1"}
        server.http.post("/api/v1/deployments", json=wish).raise_for_status()
        team = "/api/v1/deployments/line/review-team"
        begun = server.http.get(team).json()
        assert (begun["blind_share"], begun["second_share"]) == (0.05, 0.2)

        rule = {"query": "source = a", "people": ["Alice"]}
        changed = server.http.put(team, json={"rules": [rule], "blind_share": 0}).json()
        assert (changed["rules"], changed["blind_share"], changed["second_share"]) == ([rule], 0, 0.2)


@pytest.mark.parametrize("written", ["a few", "1.5", "-0.1", "nan"])
def test_a_share_to_begin_with_that_is_none_is_refused_by_name(written: str) -> None:
    with pytest.raises(settings.BadSetting, match=r"RELENS_BLIND_SHARE .* share from 0 to 1"):
        settings.from_environment({"RELENS_BLIND_SHARE": written})
