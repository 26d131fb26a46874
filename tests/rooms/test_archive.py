"""A deployment that is put away answers nobody and stands in no list; brought back, it is as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relens.testing.images import RED, make_jpeg
from relens.testing.tiny_models import detector
from tests.server_process import Server, running

BELT = "/api/v1/deployments/belt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        version = started.http.post("/api/v1/models/m/versions", files={"file": ("m.onnx", detector())}).json()["id"]
        made = {"name": "belt", "model_version": version, "threshold": 0.3}
        started.http.post("/api/v1/deployments", json=made).raise_for_status()
        yield started


def predict(server: Server) -> int:
    return server.http.post(f"{BELT}/predict", content=make_jpeg(RED)).status_code


def names(server: Server, **asked: object) -> list[str]:
    return [one["name"] for one in server.http.get("/api/v1/deployments", params=asked).json()["items"]]  # type: ignore[arg-type]


def standing(server: Server) -> dict[str, object]:
    """But for how far the servers follow."""
    now = server.http.get(BELT).json()
    roles = server.http.get(f"{BELT}/roles").json()["items"]
    return {name: value for name, value in now.items() if name != "serving"} | {"roles": roles}


def test_it_is_put_away_and_comes_back_as_it_was(server: Server) -> None:
    assert predict(server) == 200
    put_away = server.http.post(f"{BELT}/archive").raise_for_status().json()
    assert put_away["archived_at"] is not None
    assert (names(server), names(server, archived=True)) == ([], ["belt"])
    assert server.http.get("/api/v1/overview").json()["deployments"] == []
    _until_it_refuses(server)
    said = server.http.post(f"{BELT}/predict", content=make_jpeg(RED))
    assert said.status_code == 410
    assert "restore" in said.json()["detail"]
    line = {"items": [{"width": 10, "height": 10, "detections": []}]}
    assert server.http.post(f"{BELT}/predictions", json=line).status_code == 410
    assert server.http.post(f"{BELT}/retrain").status_code == 410
    assert server.http.get(f"{BELT}/overview").json()["predictions"] >= 1

    again = server.http.post(f"{BELT}/restore").raise_for_status().json()
    assert (again["archived_at"], again["threshold"]) == (None, 0.3)
    assert names(server) == ["belt"]
    assert predict(server) == 200
    assert server.http.get(BELT).json()["serving"]["state"] == "live"
    assert server.http.post(f"{BELT}/predictions", json=line).status_code == 201


def test_who_answers_and_from_which_threshold_on_is_not_changed_while_it_is_put_away(server: Server) -> None:
    second = server.http.post("/api/v1/models/m/versions", files={"file": ("m.onnx", detector(note="second"))}).json()
    for version in (second["id"], "m/1"):
        role = {"role": "champion", "model_version": version}
        server.http.post(f"{BELT}/roles", json=role).raise_for_status()
    server.http.post(f"{BELT}/archive").raise_for_status()
    before = standing(server)
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("POST", "/rollback", {}),
        ("POST", "/roles", {"role": "champion", "model_version": second["id"]}),
        ("POST", "/roles", {"role": "shadow", "model_version": second["id"]}),
        ("POST", "/candidates", {"model_version": second["id"]}),
        ("POST", "/retry", {}),
        ("PATCH", "", {"threshold": 0.9}),
        ("PATCH", "", {"canary_share": 0.9}),
    ]
    for method, below, body in asked:
        refused = server.http.request(method, BELT + below, json=body)
        assert refused.status_code == 410, (below, refused.text)
        assert "'belt' is archived: restore it on its page" in refused.json()["detail"]
    assert standing(server) == before
    assert server.http.patch(BELT, json={"settings": {"owner": "Alice"}}).status_code == 200
    server.http.post(f"{BELT}/restore").raise_for_status()
    rolled = server.http.post(f"{BELT}/rollback", json={}).raise_for_status().json()
    assert rolled["champion"]["id"] == second["id"]


def test_a_restart_does_not_wake_it(server: Server) -> None:
    server.http.post(f"{BELT}/archive").raise_for_status()
    server.kill()
    server.start()
    assert predict(server) == 410
    server.http.post(f"{BELT}/restore").raise_for_status()
    assert predict(server) == 200


def test_only_what_failed_is_tried_again(server: Server) -> None:
    said = server.http.post(f"{BELT}/retry")
    assert said.status_code == 409
    assert "has not failed" in said.json()["detail"]


def test_its_alerts_end_when_it_is_put_away(server: Server) -> None:
    rule = {"metric": "latency", "field": "p50", "operator": "above", "value": 0.001, "window_s": 3600, "min_count": 1}
    server.http.post(f"{BELT}/alert-rules", json=rule).raise_for_status()
    _until(server, lambda alerts: len(alerts) == 1)
    server.http.post(f"{BELT}/archive").raise_for_status()
    _until(server, lambda alerts: alerts == [])
    server.http.post(f"{BELT}/restore").raise_for_status()
    _until(server, lambda alerts: len(alerts) == 1)


def test_only_what_was_put_away_is_deleted_and_only_by_its_name(server: Server) -> None:
    def delete(name: str) -> int:
        return server.http.delete(BELT, params={"name": name}).status_code

    assert delete("belt") == 409
    server.http.post(f"{BELT}/archive").raise_for_status()
    assert delete("bel") == 422
    assert server.http.get(BELT).json()["deleting_since"] is None
    line = server.http.get(f"{BELT}/predictions", params={"limit": 1}).json()["items"][0]
    assert server.http.get(f"/api/v1/assets/{line['asset']}").status_code == 200

    said = server.http.delete(BELT, params={"name": "belt"})
    assert said.status_code == 202
    ended = server.job(said.json()["id"])
    assert (ended["state"], ended["result"]["erased"] > 0) == ("succeeded", True)
    assert server.http.get(BELT).status_code == 404
    assert names(server, archived=True) == []
    assert server.http.get(f"/api/v1/predictions/{line['id']}").status_code == 404
    assert server.http.get(f"/api/v1/assets/{line['asset']}").status_code == 410
    assert server.http.get("/api/v1/model-versions/m/1").status_code == 200

    made = {"name": "belt", "model_version": "m/1", "threshold": 0.3}
    assert server.http.post("/api/v1/deployments", json=made).status_code == 201
    assert predict(server) == 200
    assert server.http.get(f"{BELT}/overview").json()["predictions"] == 1


def _until_it_refuses(server: Server) -> None:
    """The servers follow within a moment; what was sent meanwhile is answered and logged."""
    for _ in range(400):
        if predict(server) == 410:
            return
    raise AssertionError("it answers still")


def _until(server: Server, so: object) -> None:
    from threading import Event
    from time import monotonic

    pause, deadline = Event(), monotonic() + 60
    while monotonic() < deadline:
        if so(server.http.get("/api/v1/alerts").json()["items"]):  # type: ignore[operator]
            return
        pause.wait(0.2)
    raise AssertionError("it did not come to that")
