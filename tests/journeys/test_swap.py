"""The old version answers until the new one can: swaps, failed loads, shadows and rollback, through HTTP under load."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx
import pytest

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.server_process import Server, running

RED = make_jpeg((220, 20, 20))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "home") as started:
        yield started


def register(server: Server, onnx: bytes, model: str = "colours") -> dict[str, Any]:
    answer = server.http.post(f"/api/v1/models/{model}/versions", files={"file": ("model.onnx", onnx)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deploy(server: Server, version: dict[str, Any]) -> dict[str, Any]:
    answer = server.http.post(
        "/api/v1/deployments", json={"name": "colours", "model_version": version["id"], "threshold": 0.1}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def set_role(server: Server, role: str, version: dict[str, Any] | None) -> httpx.Response:
    asked = {"role": role, "model_version": version["id"] if version else None}
    return server.http.post("/api/v1/deployments/colours/roles", json=asked)


def answering(server: Server) -> str:
    answer = server.http.post("/api/v1/deployments/colours/predict", content=RED)
    assert answer.status_code == 200, answer.text
    version: str = answer.json()["model_version"]["id"]
    return version


def wait_until(what: Any, seconds: float = 20) -> None:
    deadline, pause = monotonic() + seconds, Event()
    while not what():
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.05)


def test_a_swap_under_load_fails_no_request_and_every_answer_names_its_version(server: Server) -> None:
    right, wrong = register(server, classifier()), register(server, classifier(order=(1, 2, 0), note="wrong"))
    deploy(server, right)
    stop = Event()
    answers: list[tuple[int, str, str]] = []

    def client(number: int) -> None:
        with httpx.Client(base_url=server.url, timeout=30) as http:
            while not stop.is_set():
                answer = http.post("/api/v1/deployments/colours/predict", content=RED)
                said = answer.json()
                first = said["detections"][0]["label"] if answer.status_code == 200 else answer.text
                answers.append((answer.status_code, said.get("model_version", {}).get("id", ""), first))

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, number) for number in range(4)]
        for version in (wrong, right, wrong):
            assert set_role(server, "champion", version).status_code == 200
            wait_until(lambda version=version: any(v == version["id"] for _, v, _ in answers[-8:]))
        stop.set()
        for one in clients:
            one.result(30)
    assert {status for status, _, _ in answers} == {200}
    said_by = {(version, label) for _, version, label in answers}
    assert {version for version, _ in said_by} == {right["id"], wrong["id"]}
    assert len(said_by) == 2, "a version said what the other one says"


def test_a_version_that_cannot_be_loaded_changes_nothing_and_says_so(server: Server) -> None:
    good, lost = register(server, classifier()), register(server, classifier(note="lost"))
    deploy(server, good)
    assert answering(server) == good["id"]
    (server.home / "files" / "artifacts" / lost["artifact"]).unlink()
    set_role(server, "champion", lost)
    wait_until(lambda: server.http.get("/api/v1/deployments/colours").json()["serving"]["state"] == "failed")
    assert answering(server) == good["id"]
    message = server.http.get("/api/v1/deployments/colours").json()["serving"]["message"]
    assert "could not be loaded" in message
    assert "goes on answering" in message


def test_a_rollback_brings_the_earlier_champion_back_and_the_history_says_who_and_why(server: Server) -> None:
    first, second = register(server, classifier()), register(server, classifier(note="second"))
    deploy(server, first)
    nothing = server.http.post("/api/v1/deployments/colours/rollback", json={})
    assert nothing.status_code == 409
    assert "nothing to roll back to" in nothing.json()["detail"]
    set_role(server, "champion", second)
    wait_until(lambda: answering(server) == second["id"])
    assert (
        server.http.post("/api/v1/deployments/colours/rollback", json={"reason": "worse at night"}).status_code == 200
    )
    wait_until(lambda: answering(server) == first["id"])
    lines = server.http.get("/api/v1/deployments/colours/roles").json()["items"]
    assert next(line["reason"] for line in lines if line["role"] == "champion").startswith("worse at night")
    assert all(line["by"] for line in lines)


def test_a_shadow_sees_every_image_and_answers_nobody(server: Server) -> None:
    champion, shadow = register(server, classifier()), register(server, classifier(order=(1, 2, 0), note="shadow"))
    deploy(server, champion)
    assert set_role(server, "shadow", shadow).status_code == 200
    wait_until(lambda: server.http.get("/api/v1/deployments/colours").json()["serving"]["state"] == "live")
    answering(server)  # the first one may come before the shadow is loaded

    def shadowed() -> list[Any]:
        items: list[Any] = server.http.get("/api/v1/deployments/colours/predictions", params={"role": "shadow"}).json()[
            "items"
        ]
        return items

    wait_until(lambda: answering(server) == champion["id"] and len(shadowed()) > 0)
    before = len(shadowed())
    for _ in range(5):
        assert answering(server) == champion["id"]
    wait_until(lambda: len(shadowed()) >= before + 5)
    assert {item["model_version"]["id"] for item in shadowed()} == {shadow["id"]}


def test_a_canary_is_set_with_its_share_and_answers_it(server: Server) -> None:
    champion, canary = register(server, classifier()), register(server, classifier(note="canary"))
    deploy(server, champion)
    asked = {"role": "canary", "model_version": canary["id"], "share": 1.0}
    said = server.http.post("/api/v1/deployments/colours/roles", json=asked).json()
    assert (said["canary"]["id"], said["canary_share"]) == (canary["id"], 1.0)
    wait_until(lambda: answering(server) == canary["id"])
    lines = server.http.get("/api/v1/deployments/colours/predictions", params={"role": "canary"}).json()["items"]
    assert lines
    assert {line["model_version"]["id"] for line in lines} == {canary["id"]}
    assert server.http.patch("/api/v1/deployments/colours", json={"canary_share": 0.0}).json()["canary_share"] == 0.0
    wait_until(lambda: answering(server) == champion["id"])
    assert server.http.patch("/api/v1/deployments/colours", json={"canary_share": 1.5}).status_code == 422


def test_a_version_of_another_task_is_refused_at_this_address(server: Server) -> None:
    from relens.testing.tiny_models import detector

    deploy(server, register(server, classifier()))
    refused = set_role(server, "champion", register(server, detector(), model="boxes"))
    assert refused.status_code == 422
    assert "is for classification" in refused.json()["detail"]


def test_a_new_threshold_counts_for_the_next_image_and_the_log_keeps_what_lies_below(server: Server) -> None:
    deploy(server, register(server, classifier()))
    assert server.http.patch("/api/v1/deployments/colours", json={"threshold": 1.0}).status_code == 200

    def answered() -> dict[str, Any]:
        said: dict[str, Any] = server.http.post("/api/v1/deployments/colours/predict", content=RED).json()
        return said

    wait_until(lambda: answered()["threshold"] == 1.0)
    said = answered()
    assert said["detections"] == []
    line = server.http.get(f"/api/v1/predictions/{said['id']}").json()
    assert line["detections"][0]["label"] == "red"
    assert line["detections"][0]["answered"] is False
    assert server.http.patch("/api/v1/deployments/colours", json={"threshold": 1.5}).status_code == 422


def test_after_a_rename_the_old_name_still_answers_until_another_deployment_takes_it(server: Server) -> None:
    version = register(server, classifier())
    made = deploy(server, version)
    assert server.http.patch("/api/v1/deployments/colours", json={"name": "shades"}).status_code == 200
    assert server.http.get("/api/v1/deployments/colours").json()["id"] == made["id"]

    def answered_by() -> str:
        answer = server.http.post("/api/v1/deployments/colours/predict", content=RED)
        assert answer.status_code == 200
        name: str = answer.json()["deployment"]
        return name

    wait_until(lambda: answered_by() == "shades")
    assert deploy(server, version)["id"] != made["id"]
    assert server.http.get("/api/v1/deployments/colours").json()["id"] != made["id"]


def test_predictions_of_an_external_deployment_are_logged_not_answered(server: Server) -> None:
    version = register(server, classifier())
    asked = {"name": "edge", "model_version": version["id"], "target": "external", "threshold": 0.5}
    assert server.http.post("/api/v1/deployments", json=asked).status_code == 201
    refused = server.http.post("/api/v1/deployments/edge/predict", content=RED)
    assert refused.status_code == 409
    assert "your own machines" in refused.json()["detail"]


def test_a_server_that_others_can_reach_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="RELENS_TOKEN"):
        Server(tmp_path / "open", RELENS_HOST="0.0.0.0").start()


def test_with_a_token_nobody_is_answered_without_it(tmp_path: Path) -> None:
    with running(tmp_path / "home", RELENS_TOKEN="a-secret-of-twenty-one") as server:
        assert server.http.get("/api/v1/deployments").status_code == 401
        assert server.http.get("/healthz").status_code == 200
        known = server.http.get("/api/v1/deployments", headers={"Authorization": "Bearer a-secret-of-twenty-one"})
        assert known.status_code == 200


def test_a_second_server_in_the_same_home_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "home"), pytest.raises(AssertionError, match="another Relens server works"):
        Server(tmp_path / "home").start()
