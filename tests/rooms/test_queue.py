"""What the review queue offers: the chosen sampler's cases, each look once, rare labels, disagreements; and nobody goes short."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, Role
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.kit.ids import content_id, new_id
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.erase import Erasure
from relens.predictions.logged import Entry, Logged
from relens.predictions.retention.expire import Retention
from relens.review import queue, queue_rows, store
from relens.review.chance import residual
from relens.review.checks import checks
from relens.review.forget import forget
from relens.review.habits import Habits
from relens.review.lineup import Lineup
from relens.review.residuals import FROM, Residuals
from relens.review.settle import reopen, settle
from relens.review.unseen_rows import unseen
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

BOX = Box(10, 10, 40, 30)
ELSEWHERE = Box(60, 10, 90, 30)


class Mixed(Habits):
    """Any share, also those that nobody may choose."""

    def __post_init__(self) -> None:
        return None


class Line:
    """One deployment whose log grows, and the queue behind it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.deployment = Deployment(
            new_id(), "cells", "detection", ("WBC", "RBC"), "server", 0.3, 1, new_id(), None, None, 0.0, {}, 0, "x"
        )
        self.alice = database.write(lambda connection: actors.named(connection, "Alice", "person", "reviewer"))
        database.write(lambda connection: deployments.insert(connection, self.deployment))
        self.lineup = Lineup(database)
        self.rng = np.random.default_rng(5)

    def log(
        self, name: str, *detections: Detection, look: str | None = None, role: Role = "champion", **more: object
    ) -> Logged:
        entry = Entry(
            self.deployment.id, content_id(name.encode()), 100, 50, self.deployment.champion, role, detections, 0.3, 5.0, 1_000,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip
        asset = Asset(entry.asset, 100, 50, "png", 10, look or self.rng.bytes(32).hex(), 0)

        def write(connection: object) -> Logged:
            assets.remember(connection, [asset])  # type: ignore[arg-type]
            return predictions.append(connection, entry)[0]  # type: ignore[arg-type]

        return self.database.write(write)

    def catch_up(self) -> None:
        while self.lineup.step():
            pass

    def chosen(self, limit: int, share: float = 0.0, sampler: str = "uncertainty") -> list[Logged]:
        self.catch_up()
        with self.database.read() as connection:
            found = queue.choose(connection, self.deployment, limit, Mixed(share, sampler))
        return [one.logged for one in found]

    def say(self, logged: Logged, *annotations: Annotation, actor: Actor | None = None) -> None:
        self.database.write(lambda c: settle(c, logged.id, "corrected", annotations, actor=actor or self.alice))


@pytest.fixture
def line(database: Database) -> Line:
    return Line(database)


def doubt(at: float) -> Detection:
    return Detection("WBC", at, BOX)


def test_frames_of_one_scene_are_in_one_pair_of_hands_at_a_time(line: Line) -> None:
    scene = bytes(range(32)).hex()
    nearly = (int(scene, 16) ^ 0b1011).to_bytes(32, "big").hex()
    frames = [line.log(f"frame {n}", doubt(0.3), look=scene if n % 2 else nearly) for n in range(6)]
    for n in range(20):
        line.log(f"other {n}", doubt(0.6))
    for share in (0.0, 0.5, 1.0):
        shown = line.chosen(10, share)
        assert len(shown) == 10
        assert len({one.id for one in shown} & {one.id for one in frames}) <= 1
    given = queue.hand_out(line.database, line.deployment, 10, Mixed(0.0), "bob", 0)
    assert len({one.logged.id for one in given} & {one.id for one in frames}) == 1
    assert not {one.id for one in line.chosen(10)} & {one.id for one in frames}, "somebody has that scene"


def test_what_looks_like_something_reviewed_is_no_hard_case_any_more(line: Line) -> None:
    scene = bytes(range(32)).hex()
    frames = [line.log(f"frame {n}", doubt(0.3), look=scene) for n in range(3)]
    others = [line.log(f"other {n}", doubt(0.9)) for n in range(5)]
    first = line.chosen(1)[0]
    assert first.id in {one.id for one in frames}
    line.say(first, Annotation("WBC", BOX))
    assert {one.id for one in line.chosen(5, 0.0)} == {one.id for one in others}


def test_the_very_same_image_is_reviewed_once_and_counts_for_each_of_its_answers(line: Line) -> None:
    first, again = (line.log("same", doubt(at)) for at in (0.5, 0.6))
    line.log("other", doubt(0.9))
    line.catch_up()
    line.say(first, Annotation("WBC", BOX))
    later = line.log("same", doubt(0.4))
    assert {one.asset for one in line.chosen(5, 1.0)} == {content_id(b"other")}
    line.say(line.chosen(5, 1.0)[0], Annotation("WBC", BOX))
    with line.database.read() as connection:
        drawn = {one.prediction: one for one in checks(connection, line.deployment.id)}
    for one in (first, again, later):
        assert drawn[one.id].verdict is not None
        assert drawn[one.id].status == "corrected"
    line.database.write(lambda connection: reopen(connection, first.id, actor=line.alice))
    with line.database.read() as connection:
        assert queue_rows.waiting(connection, line.deployment.id) == 3, "those that counted with it wait again too"


def test_many_who_ask_at_once_are_each_given_what_they_asked_for(line: Line) -> None:
    for n in range(60):
        line.log(f"image {n}", doubt(0.3 + n / 100))
    line.catch_up()

    def asks(who: int) -> list[str]:
        given = queue.hand_out(line.database, line.deployment, 5, Habits(), f"actor {who}", 0)
        return [one.logged.id for one in given]

    with ThreadPoolExecutor(6) as pool:
        batches = list(pool.map(asks, range(6)))
    assert [len(batch) for batch in batches] == [5] * 6
    assert len({one for batch in batches for one in batch}) == 30


def test_who_was_slower_is_given_others_and_not_fewer(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(12):
        line.log(f"image {n}", doubt(0.3 + n / 40))
    line.catch_up()
    choose, quick = queue.choose, []

    def beaten(*asked: object) -> list[queue.Chosen]:
        """Bob chooses; before he can hold it, Alice is given the same."""
        found = choose(*asked)  # type: ignore[arg-type]
        if not quick:
            quick.append(True)
            line.database.write(lambda connection: queue.give_out(connection, found, "alice", 0))
        return found

    monkeypatch.setattr(queue, "choose", beaten)
    given = queue.hand_out(line.database, line.deployment, 4, Habits(), "bob", 0)
    assert len(given) == 4


def test_the_chosen_sampler_fills_the_pool_also_of_what_waited_before(line: Line) -> None:
    sure = [line.log(f"sure {n}", doubt(0.99)) for n in range(30)]
    for n in range(30):
        line.log(f"doubtful {n}", doubt(0.3))
    assert not {one.id for one in line.chosen(5)} & {one.id for one in sure}
    chosen = {"review_queue": {"random_share": 0.5, "sampler": "random"}}
    line.database.write(lambda c: deployments.change(c, line.deployment.id, settings=chosen))
    shown = line.chosen(20, sampler="random")
    assert {one.id for one in shown} & {one.id for one in sure}
    with line.database.read() as connection:
        (ranking,) = queue_rows.rankings(connection)
        best = signal_rows.queue(connection, line.deployment.id, 20)
    assert (ranking.sampler, ranking.ranked_seq) == ("random", None)
    assert {one.id for one in best} & {one.id for one in sure}


def test_where_a_shadow_runs_what_it_says_otherwise_comes_first(line: Line) -> None:
    challenger = new_id()
    line.deployment = replace(line.deployment, shadow=challenger)
    for n in range(10):
        line.log(f"doubtful {n}", doubt(0.31))
    for n in range(3):
        one = line.log(f"disputed {n}", doubt(0.95))
        said = [doubt(0.9)] if n == 0 else [Detection("WBC", 0.9, ELSEWHERE)] * n
        line.log(f"disputed {n}", *said, role="shadow", parent=one.id)
    line.database.write(
        lambda c: c.execute(
            predictions.prediction.update()
            .where(predictions.prediction.c.role == "shadow")
            .values(model_version=challenger)
        )
    )
    shown = line.chosen(3)
    assert [one.asset for one in shown[:2]] == [content_id(b"disputed 2"), content_id(b"disputed 1")]
    assert content_id(b"disputed 0") not in {one.asset for one in shown}


def test_one_image_without_a_feature_does_not_end_the_search_for_unlike_ones(line: Line) -> None:
    scenes = np.eye(4, 8)
    for n in range(24):
        vector = scenes[0 if n < 21 else n - 20] + line.rng.normal(0, 1e-3, 8)
        line.log(
            f"image {n}", doubt(0.3 + n / 1000), feature=vector.astype(np.float16), scalars=np.zeros(2, np.float32)
        )
    line.log("bare", doubt(0.3))
    shown = {one.asset for one in line.chosen(5)}
    assert {content_id(f"image {n}".encode()) for n in (21, 22, 23)} <= shown


def test_what_has_no_image_to_keep_is_counted_where_it_belongs(line: Line) -> None:
    for reason in ("none", "not sent", "left out"):
        line.log(
            reason, doubt(0.5), keep_reason=reason, keep_probability=0.1 if reason == "left out" else 0.0, source="a"
        )
    line.log("kept", doubt(0.5), source="a")
    line.catch_up()
    with line.database.read() as connection:
        assert unseen(connection, line.deployment.id, 0, HOUR, "a") == 2
        assert unseen(connection, line.deployment.id, 0, HOUR, "b") == 0
        assert unseen(connection, line.deployment.id, HOUR, 2 * HOUR) == 0


def test_sizes_follow_what_reviews_found_once_there_are_enough(line: Line) -> None:
    """Confidences near 1 lie here, and doubtful ones are right: the sizes stop preferring what is only said to be doubtful."""
    lines = [line.log(f"image {n}", doubt(0.95 if n % 2 else 0.5)) for n in range(FROM + 20)]
    line.catch_up()
    for n, one in enumerate(lines):
        line.say(one, Annotation("WBC", ELSEWHERE if n % 2 else BOX))
    residuals = Residuals()
    with line.database.read() as connection:
        learned = residuals.of(connection, line.deployment)
    assert residual([doubt(0.95)]) < 0.6 * residual([doubt(0.5)])
    assert learned([doubt(0.95)]) == pytest.approx(learned([doubt(0.5)]))
    with line.database.read() as connection:
        assert store.label_counts(connection, line.deployment.id) == {"WBC": FROM + 20}


def test_a_month_that_left_unseen_weighs_as_much_as_it_was(line: Line) -> None:
    """Few of the first month were reviewed before the rest left; of the second month half are: the first must not count for less."""
    months = [[line.log(f"a {n}", doubt(0.5)) for n in range(120)]]
    line.catch_up()
    first = {one.id for one in months[0]}

    def review(month: set[str], reviews: int) -> None:
        def write(connection: Connection) -> None:
            waiting = [one for one in queue_rows.by_chance(connection, line.deployment.id, 240) if one in month]
            for one in waiting[:reviews]:
                settle(connection, one, "corrected", (), actor=line.alice)

        line.database.write(write)

    review(first, 30)
    with line.database.read() as connection:
        left = [one for one in queue_rows.by_chance(connection, line.deployment.id, 240) if one in first]
        before = {one.prediction: one.probability for one in checks(connection, line.deployment.id)}
    for start in range(0, len(left), 32):
        some = sorted(left)[start : start + 32]
        line.database.write(lambda c, some=some: queue_rows.close(c, some))
    months.append([line.log(f"b {n}", doubt(0.5)) for n in range(120)])
    line.catch_up()
    review({one.id for one in months[1]}, 60)
    with line.database.read() as connection:
        after = {one.prediction: one.probability for one in checks(connection, line.deployment.id)}
    assert {one: after[one] for one in before} == pytest.approx(before), (
        "what was drawn then was drawn with the chance of then"
    )
    weights = [sum(1 / after[one.id] for one in month if one.id in after) for month in months]
    assert not set(left) & set(after)
    assert 0.3 < weights[0] / sum(weights) < 0.7


def test_what_is_settled_while_it_is_being_queued_is_not_asked_for(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower has read the line, and before it writes somebody reviews it, its image elsewhere, or erases it."""
    reviewed, _, erased = (line.log(name, doubt(0.5)) for name in ("same", "same", "erased"))
    unseen, waits = line.log("many at once", doubt(0.5)), line.log("waits", doubt(0.5))
    write, erasure = line.database.write, Erasure(line.database, Retention(line.database, Folder(tmp_path)), [forget])

    def meanwhile(work: Callable[[Connection], object]) -> object:
        monkeypatch.undo()
        line.say(reviewed, Annotation("WBC", BOX))
        erasure.erase(erased.id)
        write(lambda connection: settle(connection, unseen.id, "accepted", actor=line.alice, bulk="a job"))
        return write(work)

    monkeypatch.setattr(line.database, "write", meanwhile)
    line.catch_up()
    with line.database.read() as connection:
        assert set(queue_rows.by_chance(connection, line.deployment.id, 10)) == {unseen.id, waits.id}
