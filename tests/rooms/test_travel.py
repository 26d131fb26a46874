"""A queue goes out to another tool and its reviews come back: told line by line, nobody's overwritten, the same file twice is once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.errors import NotAllowed
from relens.predictions.logged import Logged
from relens.review import queue, queue_rows, store
from relens.review.exchange import About, exchanges
from relens.review.habits import Habits
from relens.review.offer import offer
from relens.review.settle import reopen, settle
from relens.review.team import Team
from relens.review.travel import Line as Told
from relens.review.travel import TooMany, outgoing, take
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from tests.rooms.test_queue import BOX, ELSEWHERE, Line

CELL = Detection("RBC", 0.9, BOX)
STUDIO = exchanges.get("label_studio")
COCO = exchanges.get("coco")


class Desk:
    """Ten images that wait, and somebody who labels them elsewhere."""

    def __init__(self, database: Database) -> None:
        self.line = Line(database)
        self.database = database
        self.about = About("cells", "detection", self.line.deployment.labels, "http://127.0.0.1:8417")
        self.bob: Actor = database.write(lambda connection: actors.named(connection, "Bob", "person", "reviewer"))
        self.images: list[Logged] = [self.line.log(f"image {n}", CELL) for n in range(10)]
        self.line.catch_up()

    def tasks(self) -> list[dict[str, Any]]:
        """The file as Label Studio would export it, before anybody labelled."""
        with self.database.read() as connection:
            images = outgoing(connection, self.line.deployment, 100, None, self.bob, 0)
        found: list[dict[str, Any]] = json.loads(STUDIO.write(images, self.about))
        return found

    def bring(self, tasks: Any, go: bool = True, tool: str = "label_studio", empty: bool = False) -> dict[str, Told]:
        exchange = exchanges.get(tool)
        came = exchange.read(json.dumps(tasks).encode(), self.about)
        lines = take(self.database, self.line.deployment, came, exchange, actor=self.bob, empty=empty, go=go)
        assert [line.place for line in lines] == [one.place for one in came]
        return {str(line.prediction): line for line in lines}

    def said(self, prediction: str) -> Any:
        with self.database.read() as connection:
            return store.get(connection, prediction)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def confirm(task: dict[str, Any]) -> dict[str, Any]:
    """As a person does there who submits what was filled in."""
    return {
        **task,
        "annotations": [{"was_cancelled": False, "completed_by": 1, "result": task["predictions"][0]["result"]}],
    }


def becomes(told: dict[str, Told]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in told.values():
        counts[line.becomes] = counts.get(line.becomes, 0) + 1
    return counts


def test_all_of_the_queue_goes_out_with_what_was_answered(desk: Desk) -> None:
    tasks = desk.tasks()
    assert {task["data"]["relens_prediction"] for task in tasks} == {line.id for line in desk.images}
    assert tasks[0]["predictions"][0]["result"][0]["value"]["rectanglelabels"] == ["RBC"]


def test_untouched_is_accepted_moved_is_corrected_emptied_is_nothing_here_and_skipped_is_skipped(desk: Desk) -> None:
    tasks = desk.tasks()
    done = [confirm(task) for task in tasks[:4]]
    done[1]["annotations"][0]["result"][0]["value"]["x"] += 20
    done[2]["annotations"][0]["result"] = []
    done[3]["annotations"][0]["was_cancelled"] = True
    told = desk.bring([*done, *tasks[4:]])
    assert becomes(told) == {"accepted": 1, "corrected": 1, "nothing here": 1, "skipped": 1, "left": 6}
    moved = desk.said(tasks[1]["data"]["relens_prediction"])
    assert (moved.status, moved.actor.name) == ("corrected", "Bob")
    assert moved.annotations[0].shape.x1 == pytest.approx(BOX.x1 + 20)
    assert desk.said(tasks[5]["data"]["relens_prediction"]) is None


def test_what_oneself_holds_goes_out_and_what_others_hold_does_not(desk: Desk) -> None:
    now = clock.now()
    for actor in (desk.bob, desk.line.alice):
        queue.hand_out(desk.database, desk.line.deployment, 4, Habits(), actor.id, now)
    with desk.database.read() as connection:
        assert len(outgoing(connection, desk.line.deployment, 100, None, desk.bob, now)) == 6


def test_a_look_ahead_says_the_same_and_writes_nothing(desk: Desk) -> None:
    done = [confirm(task) for task in desk.tasks()]
    assert becomes(desk.bring(done, go=False)) == {"accepted": 10}
    assert all(desk.said(line.id) is None for line in desk.images)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    done = [confirm(task) for task in desk.tasks()]
    desk.bring(done)
    before = [desk.said(line.id) for line in desk.images]
    assert becomes(desk.bring(done)) == {"same": 10}
    assert [desk.said(line.id) for line in desk.images] == before


def test_what_somebody_reviewed_meanwhile_is_told_and_stays(desk: Desk) -> None:
    done = [confirm(task) for task in desk.tasks()]
    first = str(done[0]["data"]["relens_prediction"])
    kept = desk.database.write(
        lambda connection: settle(connection, first, "unusable", actor=desk.line.alice, reason="blurred")
    )
    told = desk.bring(done)
    assert becomes(told) == {"conflict": 1, "accepted": 9}
    assert "Alice made it 'unusable'" in told[first].says
    assert desk.said(first) == kept


def test_what_was_decided_by_a_query_and_looked_at_elsewhere_is_a_review_of_its_own(desk: Desk) -> None:
    for one in desk.images:
        desk.database.write(
            lambda connection, one=one: settle(connection, one.id, "accepted", actor=desk.line.alice, bulk="a job")
        )
    done = [confirm(task) for task in desk.tasks()]
    assert len(done) > 0
    assert becomes(desk.bring(done)) == {"accepted": len(done)}
    assert all(desk.said(task["data"]["relens_prediction"]).actor.name == "Bob" for task in done)
    assert becomes(desk.bring(done)) == {"same": len(done)}


def test_what_was_reopened_meanwhile_is_taken(desk: Desk) -> None:
    done = [confirm(task) for task in desk.tasks()[:1]]
    first = str(done[0]["data"]["relens_prediction"])
    desk.database.write(lambda connection: settle(connection, first, "unusable", actor=desk.line.alice))
    desk.database.write(lambda connection: reopen(connection, first, actor=desk.line.alice))
    assert becomes(desk.bring(done)) == {"accepted": 1}


def test_what_cannot_be_kept_is_told_for_its_own_line(desk: Desk) -> None:
    done = [confirm(task) for task in desk.tasks()[:4]]
    done[0]["annotations"][0]["result"][0]["value"]["rectanglelabels"] = ["platelet"]
    done[1]["annotations"][0]["result"][0]["value"]["rotation"] = 30
    done[2]["data"]["relens_prediction"] = "00000000-0000-7000-8000-000000000000"
    told = desk.bring(done)
    says = sorted(line.says for line in told.values() if line.becomes == "problem")
    assert len(says) == 3
    assert "platelet" in says[2] or any("platelet" in one for one in says)
    assert any("rotated" in one for one in says)
    assert any("no such prediction" in one for one in says)
    assert becomes(told)["accepted"] == 1


def test_coco_finds_its_images_by_the_names_of_the_files_alone(desk: Desk) -> None:
    with desk.database.read() as connection:
        images = outgoing(connection, desk.line.deployment, 100, None, desk.bob, 0)
    document = json.loads(COCO.write(images, desk.about))
    for one in document["images"]:  # what other tools keep of it
        for name in ("relens_revision", "coco_url"):
            del one[name]
        one["file_name"] = f"images/{one['file_name']}"
    gone = document["annotations"].pop(0)
    document["annotations"][0]["bbox"] = [ELSEWHERE.x1, ELSEWHERE.y1, ELSEWHERE.width, ELSEWHERE.height]
    del document["annotations"][0]["corners"]
    assert becomes(desk.bring(document, go=False, tool="coco")) == {"left": 1, "corrected": 1, "accepted": 8}
    assert becomes(desk.bring(document, tool="coco", empty=True)) == {"nothing here": 1, "corrected": 1, "accepted": 8}
    assert becomes(desk.bring(document, tool="coco", empty=True)) == {"same": 10}
    empty = next(one for one in document["images"] if one["id"] == gone["image_id"])
    assert desk.said(empty["file_name"][7:-4]).annotations == ()


def test_a_file_without_revisions_overwrites_nobody(desk: Desk) -> None:
    with desk.database.read() as connection:
        images = [
            replace(one, said=(Annotation("WBC", ELSEWHERE),))
            for one in outgoing(connection, desk.line.deployment, 2, None, desk.bob, 0)
        ]
    document = json.loads(COCO.write(images, desk.about))
    for one in document["images"]:
        del one["relens_revision"]
    desk.database.write(lambda connection: settle(connection, images[0].prediction, "accepted", actor=desk.line.alice))
    assert becomes(desk.bring(document, tool="coco")) == {"conflict": 1, "corrected": 1}


def test_who_may_not_review_brings_nothing_back(desk: Desk) -> None:
    desk.bob = desk.database.write(lambda connection: actors.named(connection, "Charlie", "person", "viewer"))
    with pytest.raises(NotAllowed):
        desk.bring([confirm(task) for task in desk.tasks()])
    desk.bob = desk.line.alice
    with pytest.raises(TooMany):
        desk.bring(desk.tasks() * 501)


def test_a_query_chooses_what_goes_out(desk: Desk) -> None:
    other = desk.line.log("elsewhere", CELL, source="line-9")
    with desk.database.read() as connection:
        assert [
            one.prediction for one in outgoing(connection, desk.line.deployment, 100, "source = line-9", desk.bob, 0)
        ] == [other.id]


@pytest.mark.parametrize("query", [None, "role = champion"])
def test_a_blind_check_goes_out_without_what_was_answered(desk: Desk, query: str | None) -> None:
    def begin_blind(connection: Connection) -> None:
        here = deployments.get(connection, desk.line.deployment.id)
        settings = {"review_team": Team(blind_share=1.0).to_json(), "review_queue": Habits(1.0).to_json()}
        change.set_settings(connection, here, settings)

    desk.database.write(begin_blind)
    with desk.database.read() as connection:
        here = deployments.get(connection, desk.line.deployment.id)
    offer(desk.database, here, 3, desk.bob, clock.now(), True)
    with desk.database.read() as connection:
        sent = outgoing(connection, here, 100, query, desk.bob, clock.now())
        lanes = queue_rows.lanes(connection, [one.prediction for one in sent])
    hidden = [one for one in sent if not one.answered]
    # Asked by a query, what has not come up as a random check yet is no check.
    assert len(hidden) == (10 if query is None else 3)
    assert query is None or {one.prediction for one in hidden} == set(lanes)
