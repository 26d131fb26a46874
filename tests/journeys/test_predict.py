"""An image in, detections out, and every answer in the log: through HTTP, against a real server process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from relens.kit.ids import content_id
from relens.serving.routes import AnswerOut
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.server_process import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        deploy(started, "colours")
        yield started


def deploy(server: Server, name: str) -> dict[str, Any]:
    """A classifier by mean colour under the address `name`."""
    sent = server.http.post("/api/v1/models/colours/versions", files={"file": ("model.onnx", classifier())})
    assert sent.status_code in (200, 201), sent.text
    made = server.http.post(
        "/api/v1/deployments", json={"name": name, "model_version": sent.json()["id"], "threshold": 0.0}
    )
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


def predict(server: Server, data: bytes, deployment: str = "colours", **fields: str) -> httpx.Response:
    return server.http.post(f"/api/v1/deployments/{deployment}/predict", content=data, params=fields)


def test_an_answer_names_its_version_its_image_and_is_in_the_log(server: Server) -> None:
    data = make_jpeg((220, 20, 20))
    answer = predict(
        server,
        data,
        source="line-1",
        tags="day,left",
        metadata=json.dumps({"shift": 3}),
        taken_at="2026-01-02T03:04:05Z",
    )
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert AnswerOut.model_validate(said).model_dump(mode="json") == said
    assert said["detections"][0]["label"] == "red"
    assert said["detections"][0]["box"] is None
    assert said["image"]["asset"] == content_id(data)
    assert len(said["model_version"]["artifact"]) == 64
    line = server.http.get(f"/api/v1/predictions/{said['id']}").json()
    assert (line["source"], line["tags"], line["metadata"]) == ("line-1", ["day", "left"], {"shift": 3})
    assert line["taken_at"] == "2026-01-02T03:04:05.000000Z"
    assert server.http.get(f"/api/v1/assets/{said['image']['asset']}").content == data
    named = server.http.get(f"/api/v1/assets/{said['image']['asset']}/as/{said['id']}")
    assert (named.content, named.headers["x-content-type-options"]) == (data, "nosniff")
    asked = server.http.head(f"/api/v1/assets/{said['image']['asset']}")
    assert (asked.status_code, asked.content) == (200, b"")
    assert (asked.headers["content-type"], asked.headers["content-length"]) == ("image/jpeg", str(len(data)))


def test_the_address_that_goes_past_the_framework_answers_as_its_description_says(server: Server) -> None:
    there = "/api/v1/deployments/colours/predict"
    assert server.http.get(there).status_code == 405
    nobody = server.http.post("/api/v1/deployments/nobody/predict", content=make_jpeg((220, 20, 20)))
    assert (nobody.status_code, nobody.headers["content-type"]) == (404, "application/problem+json")
    assert server.http.post(there, content=b"no image").status_code == 422
    assert server.http.post(there, content=b"x", headers={"Origin": "http://elsewhere.example"}).status_code == 403
    counted = server.http.get("/metrics").text
    assert 'method="POST",route="/api/v1/deployments/{deployment}/predict",status="404"' in counted
    assert "post" in server.http.get("/api/v1/openapi.json").json()["paths"]["/api/v1/deployments/{deployment}/predict"]


def test_who_has_a_list_already_is_told_that_nothing_changed(server: Server) -> None:
    there = "/api/v1/deployments/colours/predictions"
    predict(server, make_jpeg((200, 30, 30)))
    first = server.http.get(there)
    again = server.http.get(there, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    predict(server, make_jpeg((210, 30, 30)))
    changed = server.http.get(there, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_free_settings_are_merged_and_no_other_is_set_past_its_own_address(server: Server) -> None:
    there = "/api/v1/deployments/colours"
    server.http.patch(there, json={"settings": {"line": 3, "owner": "Bob"}}).raise_for_status()
    kept = server.http.patch(there, json={"settings": {"line": 4, "owner": None}}).raise_for_status().json()["settings"]
    assert kept["line"] == 4
    assert "owner" not in kept
    for name in ("drift_watch", "review_queue", "threshold_by", "images"):
        refused = server.http.patch(there, json={"settings": {name: {"nonsense": 1}}})
        assert refused.status_code == 422, name
        assert "is not set here" in refused.json()["detail"]
    assert server.http.patch(there, json={"settings": {"notes": "x" * 20_000}}).status_code == 422
    assert server.http.patch(there, json={"treshold": 0.5}).status_code == 422, "what nobody knows is not passed over"


def test_a_multipart_form_is_answered_like_a_raw_body(server: Server) -> None:
    data = make_jpeg((20, 20, 220))
    answer = server.http.post(
        "/api/v1/deployments/colours/predict", files={"image": ("x.jpg", data)}, data={"source": "line-9"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["detections"][0]["label"] == "blue"
    assert server.http.get(f"/api/v1/predictions/{answer.json()['id']}").json()["source"] == "line-9"


def test_a_connection_lasts_over_the_pauses_between_images(server: Server) -> None:
    """Closed by the server in the moment the next image is sent, it would be reset, and the image lost."""
    line = HTTPConnection("127.0.0.1", server.port, timeout=30)
    line.connect()
    first = line.sock
    for _ in range(2):
        line.request("POST", "/api/v1/deployments/colours/predict", make_jpeg((220, 20, 20)))
        answer = line.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (200, True)
        Event().wait(7)
    assert line.sock is first
    line.close()


def test_the_same_client_id_is_the_same_prediction_also_at_the_same_time(server: Server) -> None:
    data = make_jpeg((30, 200, 30), seed=5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: predict(server, data, client_id="cam-1/77"), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_the_same_client_id_with_another_image_is_refused(server: Server) -> None:
    assert predict(server, make_jpeg((1, 2, 3)), client_id="cam-1/78").status_code == 200
    again = predict(server, make_jpeg((200, 2, 3)), client_id="cam-1/78")
    assert again.status_code == 409
    assert "use a new client_id" in again.json()["detail"]


def test_a_try_out_is_answered_and_not_logged(server: Server) -> None:
    data = make_jpeg((9, 9, 99), seed=99)
    answer = server.http.post("/api/v1/deployments/colours/try", content=data)
    assert answer.status_code == 200, answer.text
    assert "id" not in answer.json()
    assert server.http.get(f"/api/v1/assets/{content_id(data)}").status_code == 404


BAD = {
    "empty": (b"", 422),
    "not an image": (b"hello, this is text" * 20, 422),
    "truncated": (make_jpeg((1, 1, 1), size=(200, 200))[:600], 422),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_image_gets_a_sentence_and_leaves_nothing(server: Server, what: str) -> None:
    data, status = BAD[what]
    before = len(server.http.get("/api/v1/deployments/colours/predictions?limit=1000").json()["items"])
    answer = predict(server, data)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["detail"]) > 20
    assert len(server.http.get("/api/v1/deployments/colours/predictions?limit=1000").json()["items"]) == before
    assert server.http.get(f"/api/v1/assets/{content_id(data)}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"taken_at": "yesterday"}, "RFC 3339"),
        ({"metadata": "[1]"}, "JSON object"),
        ({"metadata": '{"a": NaN}'}, "JSON object"),
        ({"client_id": "x" * 300}, "client_id"),
        ({"source": "s" * 300}, "source"),
    ],
)
def test_a_bad_field_gets_a_sentence(server: Server, fields: dict[str, str], word: str) -> None:
    answer = predict(server, make_jpeg((1, 1, 1)), **fields)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


def test_an_unknown_deployment_is_404_at_once(server: Server) -> None:
    answer = predict(server, make_jpeg((1, 1, 1)), deployment="nobody")
    assert answer.status_code == 404
    assert "no deployment 'nobody'" in answer.json()["detail"]


def test_pages_of_the_log_hold_each_prediction_once(server: Server) -> None:
    deploy(server, "paged")
    ids = [
        predict(server, make_jpeg((n, 0, 0)), deployment="paged", taken_at="2026-01-01T00:00:00Z").json()["id"]
        for n in range(7)
    ]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = server.http.get(
            "/api/v1/deployments/paged/predictions", params={"limit": 3, **({"cursor": cursor} if cursor else {})}
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(ids)
    assert len(seen) == 7


def test_another_host_name_or_another_sites_page_is_refused(server: Server) -> None:
    assert server.http.get("/api/v1/deployments", headers={"Host": "evil.example"}).status_code == 403
    assert server.http.get("/api/v1/deployments", headers={"Origin": "https://evil.example"}).status_code == 403
    assert server.http.get("/api/v1/deployments", headers={"Origin": server.url}).status_code == 200


def test_predictions_made_elsewhere_are_logged_together_or_not_at_all(server: Server) -> None:
    item = {
        "client_id": "e-1",
        "width": 100,
        "height": 50,
        "detections": [{"label": "red", "confidence": 0.9, "box": [0.1, 0.1, 0.5, 0.5]}],
        "normalised": True,
    }
    sent = server.http.post("/api/v1/deployments/colours/predictions", json={"items": [item]})
    assert sent.status_code == 201, sent.text
    line = server.http.get(f"/api/v1/predictions/{sent.json()['items'][0]['id']}").json()
    assert line["detections"][0]["box"] == [10.0, 5.0, 50.0, 25.0]
    bad = {
        **item,
        "client_id": "e-3",
        "detections": [{"label": "red", "confidence": 0.9, "box": [5, 5, 1, 1]}],
        "normalised": False,
    }
    refused = server.http.post(
        "/api/v1/deployments/colours/predictions", json={"items": [{**item, "client_id": "e-2"}, bad]}
    )
    assert refused.status_code == 422
    assert "prediction 1 of 2" in refused.json()["detail"]
    known = server.http.get("/api/v1/deployments/colours/predictions?limit=1000").json()["items"]
    assert {i["client_id"] for i in known} >= {"e-1"}
    assert not {i["client_id"] for i in known} & {"e-2", "e-3"}


def test_predictions_made_elsewhere_may_bring_their_images_as_files(server: Server) -> None:
    data = make_jpeg((5, 6, 7), seed=123)
    item = {
        "client_id": "f-1",
        "file": "one.jpg",
        "detections": [{"label": "red", "confidence": 0.8}],
        "latency_ms": 12.5,
    }
    form = {"predictions": json.dumps({"items": [item]})}
    sent = server.http.post("/api/v1/deployments/colours/predictions", data=form, files={"images": ("one.jpg", data)})
    assert sent.status_code == 201, sent.text
    line = server.http.get(f"/api/v1/predictions/{sent.json()['items'][0]['id']}").json()
    assert (line["asset"], line["latency_ms"]) == (content_id(data), 12.5)
    assert server.http.get(f"/api/v1/assets/{line['asset']}").content == data
    lost = {"predictions": json.dumps({"items": [{**item, "client_id": "f-2", "file": "two.jpg"}]})}
    refused = server.http.post(
        "/api/v1/deployments/colours/predictions", data=lost, files={"images": ("one.jpg", data)}
    )
    assert refused.status_code == 422
    assert "no file 'two.jpg'" in refused.json()["detail"]


def test_a_batch_with_a_client_id_that_is_taken_by_another_image_logs_nothing(server: Server) -> None:
    assert predict(server, make_jpeg((8, 8, 8)), client_id="taken").status_code == 200
    fine = {"client_id": "never-there", "width": 9, "height": 9, "detections": []}
    clash = {"client_id": "taken", "width": 9, "height": 9, "detections": []}
    refused = server.http.post("/api/v1/deployments/colours/predictions", json={"items": [fine, clash]})
    assert refused.status_code == 409
    found = server.http.get(
        "/api/v1/deployments/colours/predictions", params={"query": "client_id = never-there"}
    ).json()
    assert found["items"] == []


def test_what_was_answered_is_in_the_log_once_after_sigkill(tmp_path: Path) -> None:
    """Invariant 1: the server is killed under load; every answered image is there, once, with its bytes."""
    with running(tmp_path / "home") as server:
        deploy(server, "colours")
        for round_number in range(3):
            answered = _load_until_killed(server, round_number)
            server.start()
            logged = _whole_log(server)
            by_client = [line["client_id"] for line in logged if line["client_id"]]
            assert len(by_client) == len(set(by_client))
            by_id = {line["id"]: line for line in logged}
            assert answered
            for prediction_id, data in answered.items():
                assert prediction_id in by_id
                assert server.http.get(f"/api/v1/assets/{by_id[prediction_id]['asset']}").content == data
            for line in logged:
                assert content_id(server.http.get(f"/api/v1/assets/{line['asset']}").content) == line["asset"]


def _load_until_killed(server: Server, round_number: int) -> dict[str, bytes]:
    """Eight clients send until the server dies in the middle; the answers they got, by prediction id."""
    answered: dict[str, bytes] = {}
    enough = Event()

    def client(number: int) -> None:
        for count in range(1000):
            data = make_jpeg((number * 20, count % 255, round_number * 80), seed=count)
            try:
                with httpx.Client(base_url=server.url, timeout=10) as http:
                    answer = http.post(
                        "/api/v1/deployments/colours/predict",
                        content=data,
                        params={"client_id": f"{round_number}/{number}/{count}"},
                    )
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                answered[answer.json()["id"]] = data
            if len(answered) > 60:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client, number) for number in range(8)]
        assert enough.wait(60)
        server.kill()
        for one in clients:
            one.result(60)
    return answered


def _whole_log(server: Server) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = server.http.get(
            "/api/v1/deployments/colours/predictions", params={"limit": 500, **({"cursor": cursor} if cursor else {})}
        ).json()
        lines += page["items"]
        cursor = page["next"]
        if cursor is None:
            return lines
