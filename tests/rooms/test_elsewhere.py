"""Predictions made elsewhere, over HTTP: what is taken, what is refused with which sentence, what is in the log afterwards."""

from __future__ import annotations

import base64
import json
import math
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from relens.access.asking import Door
from relens.deployments import store as deployment_store
from relens.deployments.deployment import Deployment
from relens.inference.features import NAMES
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.kit.ids import content_id, new_id
from relens.predictions import elsewhere_routes, plain, routes
from relens.predictions import store as log
from relens.predictions.plain import LEAST
from relens.predictions.record import Recorder
from relens.server.app import make_app
from relens.testing.images import make_jpeg
from tests.rooms.test_registry_routes import Client, _nothing

BOX = {"label": "bolt", "confidence": 0.9, "box": [10, 20, 30, 50]}
ITEM = {"client_id": "a", "width": 100, "height": 80, "detections": [BOX]}


class World:
    """One deployment on one's own machines, and the door to its log."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.deployment = Deployment(
            new_id(),
            "belt",
            "detection",
            ("bolt", "nut"),
            "external",
            0.5,
            1,
            new_id(),
            new_id(),
            None,
            0.0,
            {},
            0,
            "x",
        )
        database.write(lambda connection: deployment_store.insert(connection, self.deployment))
        storage = Folder(home / "files")
        parts = Parts(database, Recorder(database, storage), Settings(home=home))
        parts.add(storage, Storage)
        parts.add(Door(database, Settings(home=home)))
        self.client = Client(make_app((routes.router, elsewhere_routes.router), parts, _nothing))

    def send(self, body: Any, status: int = 201) -> Any:
        answer = self.client.post("/api/v1/deployments/belt/predictions", content=json.dumps(body).encode())
        assert answer.status_code == status, answer.text
        return answer.json()

    def refuse(self, body: Any) -> str:
        return str(self.send(body, 422)["detail"])

    def check(self, body: Any) -> Any:
        answer = self.client.post("/api/v1/deployments/belt/predictions/check", content=json.dumps(body).encode())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lines(self) -> list[Any]:
        with self.database.read() as connection:
            return log.since(connection, 0, 1000, self.deployment.id)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def test_one_alone_a_list_and_items_are_all_taken(world: World) -> None:
    world.send({**ITEM, "client_id": "1"})
    world.send([{**ITEM, "client_id": "2"}, {**ITEM, "client_id": "3"}])
    world.send({"items": [{**ITEM, "client_id": "4"}]})
    assert [line.client_id for line in world.lines()] == ["1", "2", "3", "4"]
    assert {line.origin for line in world.lines()} == {"external"}


def test_shares_of_the_image_become_pixels_and_indices_become_labels(world: World) -> None:
    polygon = {"index": 0, "confidence": 0.4, "polygon": [[0.1, 0.1, 0.2, 0.1, 0.2, 0.5]]}
    said = [polygon, {"index": 1, "confidence": 0.75, "box": [0.1, 0.25, 0.5, 1]}]
    world.send({**ITEM, "normalised": True, "detections": said})
    (line,) = world.lines()
    assert [d.label for d in line.detections] == ["nut", "bolt"], "the most confident first"
    assert line.detections[0].shape.corners() == pytest.approx((10, 20, 50, 80))
    assert line.detections[1].shape.rings[0] == pytest.approx((10, 8, 20, 8, 20, 40))


def test_everything_that_was_said_about_it_is_in_its_line(world: World) -> None:
    data = make_jpeg(size=(60, 40))
    world.send({
        "image": base64.b64encode(data).decode(), "detections": [], "latency_ms": 12.5, "taken_at": "2026-01-02T03:04:05+01:00",
        "source": "line-3", "tags": ["night"], "metadata": {"shift": 3}, "threshold": 0.3, "writer": "cell-7", "writer_seq": 41,
    })  # fmt: skip
    (line,) = world.lines()
    assert (line.asset, line.width, line.height) == (content_id(data), 60, 40)
    assert (line.latency_ms, line.source, line.tags, line.metadata) == (12.5, "line-3", ("night",), {"shift": 3})
    assert (line.threshold, line.writer, line.writer_seq) == (0.3, "cell-7", 41)
    assert line.taken_at == 1_767_319_445_000_000


def test_an_image_that_came_along_is_measured_and_what_was_sent_of_it_counts_more(world: World) -> None:
    picture = make_jpeg((200, 60, 30), size=(100, 80))
    item = {"image": base64.b64encode(picture).decode(), "detections": [BOX]}
    world.send(
        {"items": [item | {"client_id": "looked"}, item | {"client_id": "told", "scalars": {"brightness": 0.25}}]}
    )
    world.send(ITEM)
    looked, told, without = (
        dict(zip(NAMES, one.scalars, strict=True)) if one.scalars is not None else {} for one in world.lines()
    )
    assert looked["red_green"] == pytest.approx(140 / 255, abs=0.03)
    assert looked["log_area"] == pytest.approx(math.log(8000))
    assert math.isnan(looked["confidence_max"]), "what the model was less sure of may not have been sent"
    assert told["brightness"] == 0.25
    assert math.isnan(told["red_green"])
    assert without == {}


def test_a_latency_that_nobody_said_is_not_known_rather_than_zero(world: World) -> None:
    size = {"width": 100, "height": 80, "detections": []}
    ids = [world.send({**size, **said})["items"][0]["id"] for said in ({}, {"latency_ms": 0}, {"latency_ms": 3.5})]
    shown = [world.client.get(f"/api/v1/predictions/{one}").json()["latency_ms"] for one in ids]
    assert shown == [None, None, 3.5]


def test_the_shadows_answer_stands_beside_the_champions_also_when_sent_twice(world: World) -> None:
    item = {**ITEM, "shadow": {"detections": [{**BOX, "confidence": 0.4}], "latency_ms": 7}}
    first = world.send(item)["items"][0]
    again = world.send(item)["items"][0]
    assert (first["fresh"], again["fresh"], again["id"]) == (True, False, first["id"])
    champion, shadow = world.lines()
    assert (shadow.role, shadow.parent, shadow.model_version) == ("shadow", champion.id, world.deployment.shadow)
    assert (shadow.asset, shadow.latency_ms, shadow.detections[0].confidence) == (champion.asset, 7, 0.4)


def test_an_image_that_could_not_be_answered_is_a_line_with_its_error(world: World) -> None:
    world.send({"client_id": "e", "error": "NotAnImage", "source": "line-1"})
    (line,) = world.lines()
    assert (line.error, line.width, line.detections) == ("NotAnImage", 0, ())
    assert "no detections" in world.refuse({**ITEM, "error": "slow"})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lables": []}, "'lables' is not known"),
        ({"detections": [{"confidence": 0.5, "index": 2}]}, "an index from 0 to 1"),
        ({"detections": [{**BOX, "confidence": 1.5}]}, "between 0 and 1"),
        ({"detections": [{**BOX, "confidence": True}]}, "between 0 and 1"),
        ({"detections": [{**BOX, "box": [30, 20, 10, 50]}]}, "empty or reversed"),
        ({"detections": [{**BOX, "box": [500, 20, 600, 50]}]}, "outside its image"),
        ({"detections": {"a": 1}}, "a list"),
        ({"detections": ["bolt"]}, "prediction 0 of 1"),
        ({"width": 0}, "its width in pixels"),
        ({"taken_at": "yesterday"}, "is not a time"),
        ({"taken_at": 5}, "taken_at is a text"),
        ({"image": "%%%"}, "base64"),
        ({"metadata": [1]}, "metadata is an object"),
        ({"asset": "../../etc/passwd"}, "SHA-256"),
        ({"origin": "served"}, "origin"),
        ({"writer_seq": 3}, "name that writer"),
        ({"writer": "w", "writer_seq": -1}, "whole number"),
        ({"shadow": 3}, "shadow is an object"),
        ({"threshold": 7}, "threshold"),
        ({"tags": [1]}, "tag is a text"),
        ({"latency_ms": -4}, "not negative"),
        ({"file": "a.jpg"}, "no file 'a.jpg'"),
        ({"model_version": "nobody/3"}, "no model version 'nobody/3'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_of_the_batch_is_logged(
    world: World, change: dict[str, Any], sentence: str
) -> None:
    fine = {**ITEM, "client_id": "fine"}
    assert sentence in world.refuse({**ITEM, **change})
    problem = world.send([fine, {**ITEM, **change}], 422)
    assert problem["item"] == 1
    assert world.lines() == []
    checked = world.check([fine, {**ITEM, **change}])
    assert checked["fresh"] == 1
    assert [(p["item"], sentence in p["problem"]) for p in checked["problems"]] == [
        (1, sentence != "prediction 0 of 1")
    ]


def test_a_big_batch_names_its_wrong_one_too(world: World) -> None:
    items = [{**ITEM, "client_id": str(number)} for number in range(40)]
    for change in ({"model_version": "nobody/3"}, {"detections": [{**BOX, "box": [500, 0, 600, 9]}]}, {"lables": 1}):
        problem = world.send([*items[:30], {**items[30], **change}, *items[31:]], 422)
        assert (problem["item"], "prediction 30 of 40" in problem["detail"]) == (30, True)
    assert world.lines() == []
    world.send({"items": items})
    assert world.check({"items": items})["known"] == 40


@pytest.mark.parametrize("body", [[], {"items": []}, 3, ["a"], {"items": {"a": 1}}, None])
def test_a_body_that_is_no_list_of_predictions_is_refused(world: World, body: Any) -> None:
    world.refuse(body)


def test_a_check_counts_what_is_new_what_is_known_and_which_labels_are_strange(world: World) -> None:
    world.send(ITEM)
    strange = {**BOX, "label": "spider"}
    moment = "2025-05-05T05:05:05.000000Z"
    checked = world.check([ITEM, {**ITEM, "client_id": "b", "detections": [strange, strange], "taken_at": moment}])
    assert (checked["fresh"], checked["known"], checked["unknown_labels"]) == (1, 1, {"spider": 2})
    assert checked["first"] == moment
    assert len(world.lines()) == 1


ROBOFLOW = {
    "inference_id": "9c1", "time": 0.0125, "image": {"width": 100, "height": 80},
    "predictions": [
        {"x": 20.0, "y": 35.0, "width": 20.0, "height": 30.0, "confidence": 0.9, "class": "bolt", "class_id": 0, "detection_id": "d"},
        {"x": 50.0, "y": 40.0, "width": 10.0, "height": 10.0, "confidence": 0.6, "class": "nut", "class_id": 1,
         "points": [{"x": 45, "y": 35}, {"x": 55, "y": 35}, {"x": 50, "y": 45}]},
    ],
}  # fmt: skip


def test_an_answer_of_roboflow_is_taken_as_it_is(world: World) -> None:
    world.send(ROBOFLOW)
    (line,) = world.lines()
    assert line.detections[0].shape.corners() == (10, 20, 30, 50)
    assert line.detections[1].shape.rings == ((45, 35, 55, 35, 50, 45),)
    assert (line.client_id, line.latency_ms, line.width) == ("9c1", 12.5, 100)


def test_several_images_of_one_roboflow_request_are_several_predictions_once_each(world: World) -> None:
    for _ in range(2):
        world.send([ROBOFLOW, {**ROBOFLOW, "source": "line-2"}])
    assert [(line.client_id, line.source) for line in world.lines()] == [("9c1/0", None), ("9c1/1", "line-2")]


def test_roboflow_classifications_are_labels_of_the_whole_image(world: World) -> None:
    size = {"image": {"width": 100, "height": 80}, "time": 0.1}
    top = {"class": "bolt", "class_id": 0, "confidence": 0.8}
    world.send({**size, "inference_id": "s", "predictions": [top], "top": "bolt", "confidence": 0.8})
    several = {"bolt": {"confidence": 0.7, "class_id": 0}, "nut": {"confidence": 0.9, "class_id": 1}}
    world.send({**size, "inference_id": "m", "predictions": several, "predicted_classes": ["bolt", "nut"]})
    single, multi = world.lines()
    assert [(d.label, d.shape) for d in single.detections] == [("bolt", None)]
    assert [d.label for d in multi.detections] == ["nut", "bolt"]
    assert "needs 'y'" in world.refuse({**size, "predictions": [{"x": 1, "confidence": 0.5, "class": "bolt"}]})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_DETECTION = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("label", "index", "confidence", "box", "polygon", "rle"), _JSON)
)
_THINGS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*elsewhere_routes.elsewhere.FIELDS, "predictions", "time"), _JSON)
    | {"detections": st.lists(_DETECTION | _JSON, max_size=3) | _JSON, "width": st.just(50), "height": st.just(50)},
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_THINGS, min_size=1, max_size=3) | _JSON)
def test_whatever_is_sent_is_logged_or_refused_with_a_sentence(world: World, body: Any) -> None:
    answer = world.client.post("/api/v1/deployments/belt/predictions", content=json.dumps(body).encode())
    assert answer.status_code in (201, 409, 413, 422), answer.text
    assert answer.status_code == 201 or answer.json()["detail"]


@pytest.mark.parametrize(
    "odd",
    [
        '"metadata": {"n": 1e999}',
        '"metadata": {"n": [-1e999]}',
        f'"metadata": {{"n": 1{"0" * 400}}}',
        '"metadata": {"n": 9223372036854775808}',
        f'"metadata": {{"n": {"[" * 100}{"]" * 100}}}',
        '"metadata": {"n": "\\u0000"}',
        '"metadata": {"n\\ud800": 1}',
        '"source": "a\\u0000"',
        '"tags": ["\\udfff"]',
        '"latency_ms": 1e999',
        '"threshold": 1e999',
        '"writer": "w", "writer_seq": 1e999',
    ],
)
def test_json_that_cannot_be_kept_is_refused_however_many_come(world: World, odd: str) -> None:
    good = json.dumps({"width": 100, "height": 80, "detections": [BOX]})
    bad = good[:-1] + f", {odd}}}"
    for others in (0, LEAST):
        for body in (f'{{"items": [{", ".join([good] * others + [bad])}]}}', f"[{', '.join([bad] + [good] * others)}]"):
            for address in ("", "/check"):
                answer = world.client.post(f"/api/v1/deployments/belt/predictions{address}", content=body.encode())
                problems = [] if answer.status_code == 422 else answer.json().get("problems", [])
                assert answer.status_code == 422 or (address and answer.status_code == 200 and problems), answer.text
    with world.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(log.prediction)).scalar_one() == 0


def test_a_big_batch_is_read_in_pieces_and_away_from_the_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[Any] = []
    for module, name in ((plain, "pieces"), (elsewhere_routes, "pieces")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda text, real=real: where.append(threading.current_thread()) or real(text)
        )
    items = [{**ITEM, "client_id": str(number)} for number in range(3000)]
    assert len(world.send({"items": items})["items"]) == 3000
    # One without what a plain one has makes the other reader read them all.
    assert len(world.send([*items[:2999], {**items[2999], "threshold": 0.5}])["items"]) == 3000
    world.refuse([*items[:2999], {**items[2999], "metadata": {"n": "\0"}}])
    assert len(where) == 4
    assert threading.main_thread() not in where


@pytest.mark.parametrize("count", [1, 30])
def test_the_trace_of_a_batch_is_kept_with_each_that_brings_none_of_its_own(world: World, count: int) -> None:
    own, theirs = "a" * 32, "b" * 32
    items = [{**ITEM, "client_id": str(n)} for n in range(count)] + [{**ITEM, "client_id": "own", "trace": own}]
    for header, expected in ((f"00-{theirs}-{'c' * 16}-01", theirs), ("no trace at all", None)):
        named = [{**item, "client_id": f"{item['client_id']} {expected}"} for item in items]
        answer = world.client.post(
            "/api/v1/deployments/belt/predictions", json={"items": named}, headers={"traceparent": header}
        )
        assert answer.status_code == 201, answer.text
        ids = [one["id"] for one in answer.json()["items"]]
        with world.database.read() as connection:
            kept = {line.client_id: line.trace for line in log.several(connection, ids)}
        assert kept == {item["client_id"]: item.get("trace", expected) for item in named}
    assert "32 small hex digits" in world.refuse({**ITEM, "client_id": "x", "trace": "0" * 32})
