"""Two people change the settings of one deployment at once: what one has not seen is not overwritten, and both are told who did what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from relens.sdk.client import Client
from relens.sdk.errors import Refused
from relens.testing.tiny_models import detector
from tests.server_process import Server, running

AREAS = {
    "feedback-loop": ({"dataset": None, "active": False, "test_share": 0.2}, {"test_share": 0.3}, "test share"),
    "continuous-training": ({"active": False, "after": 20}, {"after": 30}, "after"),
    "continuous-deployment": ({"active": True, "policy": "shadow"}, {"policy": "champion"}, "policy"),
    "images": ({"images": "share", "share": 0.2}, {"share": 0.3}, "share"),
    "review-queue": ({"random_share": 0.4, "sampler": "uncertainty"}, {"random_share": 0.8}, "random share"),
    "review-team": ({"second_share": 0.1}, {"second_share": 0.2}, "second share"),
    "drift": ({"hours": 12}, {"hours": 6}, "hours"),
    "": ({"threshold": 0.4}, {"threshold": 0.6}, "threshold"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        started.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
        yield started


@pytest.fixture
def path(server: Server, request: pytest.FixtureRequest) -> str:
    name = f"line-{abs(hash(request.node.name)) % 10**9}"
    wish = {"name": name, "model_version": "spotter/1", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    return f"/api/v1/deployments/{name}"


def put(server: Server, path: str, area: str, body: dict[str, Any], by: str, seen: str | None) -> httpx.Response:
    headers = {"X-Relens-Actor": by, **({"If-Match": seen} if seen else {})}
    method = "PUT" if area else "PATCH"
    return server.http.request(method, f"{path}/{area}".rstrip("/"), json=body, headers=headers)


@pytest.mark.parametrize("area", AREAS)
def test_what_somebody_changed_meanwhile_is_not_overwritten(server: Server, path: str, area: str) -> None:
    first, change, words = AREAS[area]
    address = f"{path}/{area}".rstrip("/")
    seen = server.http.get(address).headers["ETag"]
    saved = put(server, path, area, first, "Alice", seen)
    assert saved.status_code == 200, saved.text
    assert server.http.get(address).headers["ETag"] == saved.headers["ETag"] != seen

    again = put(server, path, area, first, "Alice", seen)
    assert again.status_code == 200  # the answer was lost on its way: nobody else changed anything

    refused = put(server, path, area, first | change, "Bob", seen)
    assert refused.status_code == 412
    assert f"Alice set {words} to" in refused.json()["detail"]
    assert refused.json()["etag"] == saved.headers["ETag"]
    assert put(server, path, area, first | change, "Bob", refused.json()["etag"]).status_code == 200
    name = next(iter(change))
    body = server.http.get(address).json()
    assert (body["settings"] if area == "drift" else body)[name] == change[name]


def test_two_people_who_change_two_things_are_in_nobodys_way(server: Server, path: str) -> None:
    seen = server.http.get(path).headers["ETag"]
    assert put(server, path, "", {"settings": {"owner": "Alice"}}, "Alice", seen).status_code == 200
    assert put(server, path, "", {"threshold": 0.7}, "Bob", seen).status_code == 200
    rollout = server.http.get(f"{path}/continuous-deployment").headers["ETag"]
    assert put(server, path, "continuous-deployment", {"latency_ms": 40}, "Alice", rollout).status_code == 200
    assert put(server, path, "continuous-deployment", {"policy": "shadow"}, "Bob", rollout).status_code == 200
    now = server.http.get(f"{path}/continuous-deployment").json()
    assert (now["latency_ms"], now["policy"]) == (40, "shadow")


def test_the_last_of_several_changes_and_what_one_saw_are_said(server: Server, path: str) -> None:
    seen = server.http.get(path).headers["ETag"]
    for threshold, by in ((0.4, "Alice"), (0.5, "Carol")):
        put(server, path, "", {"threshold": threshold}, by, None).raise_for_status()
    refused = put(server, path, "", {"threshold": 0.6}, "Bob", seen)
    assert "(Carol set threshold to 0.5, you saw 0.3)" in refused.json()["detail"]


def test_a_change_that_nobody_made_by_hand_is_seen_too(server: Server, path: str) -> None:
    """A promotion brings its threshold."""
    seen = server.http.get(path).headers["ETag"]
    wish = {"role": "champion", "model_version": "spotter/1", "threshold": 0.45}
    server.http.post(f"{path}/roles", json=wish).raise_for_status()
    refused = put(server, path, "", {"threshold": 0.6}, "Bob", seen)
    assert refused.status_code == 412
    assert "(threshold is now 0.45)" in refused.json()["detail"]


def test_without_a_tag_the_last_one_counts_and_an_unknown_tag_has_seen_nothing(server: Server, path: str) -> None:
    assert put(server, path, "", {"threshold": 0.5}, "Alice", None).status_code == 200
    assert put(server, path, "", {"threshold": 0.6}, "Bob", "*").status_code == 200
    assert put(server, path, "", {"threshold": 0.7}, "Bob", '"of another server"').status_code == 412


def test_code_hands_back_the_tag_it_was_given(server: Server, path: str) -> None:
    with Client(server.url, actor="Alice") as alice, Client(server.url, actor="Bob") as bob:
        name = path.rsplit("/", 1)[1]
        mine, other = alice.deployment(name), bob.deployment(name)
        seen = mine.etag("review-queue")
        other.mix_queue(random_share=0.7)
        with pytest.raises(Refused, match=r"Bob set random share to 0\.7, you saw 0\.5"):
            mine.mix_queue(random_share=0.9, if_match=seen)
        mine.mix_queue(random_share=0.9, if_match=mine.etag("review-queue"))
        other.set_threshold(0.5, if_match=other.etag())


def test_the_settings_of_the_team_are_no_free_values(server: Server, path: str) -> None:
    refused = server.http.patch(path, json={"settings": {"review_team": {"second_share": 7}}})
    assert refused.status_code == 422
    assert "review-team" in refused.json()["detail"]
