"""Review and loop over HTTP, on a server of their own: the shapes and refusals that clients rely on, and one round."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.rooms.loop_world import LABELS, NEW, OLD, PARAMETERS, patch
from tests.server_process import Server

API = "/api/v1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with a trained version 1 that answers, and 64 logged predictions under the new lamps."""
    server = Server(tmp_path_factory.mktemp("loop") / "home")
    server.start()
    try:
        made = server.http
        job = made.post(
            f"{API}/datasets/fruit/import?format=folder",
            content=fruit_folder(),
            headers={"content-type": "application/zip"},
        )
        assert _ended(made, job.json()["id"])["state"] == "succeeded"
        wish = {"model": "fruit", "dataset_version": "fruit/latest", "trainer": "command", "parameters": PARAMETERS}
        run = made.post(f"{API}/training-runs", json=wish).json()
        assert _ended(made, run["job"])["state"] == "succeeded"
        made.post(f"{API}/deployments", json={"name": "orchard", "model_version": "fruit/latest"}).raise_for_status()
        _wait(lambda: made.get(f"{API}/deployments/orchard").json()["serving"]["state"] == "live")
        for number in range(64):
            answer = made.post(
                f"{API}/deployments/orchard/predict?client_id={number}", content=patch(LABELS[number % 2], number, NEW)
            )
            assert answer.status_code == 200, answer.text
        yield made
    finally:
        server.stop()


def fruit_folder() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for split, count in (("train", 24), ("val", 6), ("test", 10)):
            for number in range(count):
                label = LABELS[number % 2]
                archive.writestr(f"{split}/{label}/{number}.png", patch(label, number + 1000 * len(split), OLD))
    return written.getvalue()


def _wait(true: Any, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _ended(client: httpx.Client, job: str) -> dict[str, Any]:
    _wait(lambda: client.get(f"{API}/jobs/{job}").json()["state"] not in ("queued", "running"))
    found: dict[str, Any] = client.get(f"{API}/jobs/{job}").json()
    return found


def _line(client: httpx.Client, client_id: int) -> dict[str, Any]:
    lines = client.get(f"{API}/deployments/orchard/predictions?limit=1000").json()["items"]
    found: dict[str, Any] = next(line for line in lines if line["client_id"] == str(client_id))
    return found


def test_a_verdict_has_an_etag_and_is_not_overwritten_unseen(client: httpx.Client) -> None:
    at = f"{API}/predictions/{_line(client, 0)['id']}/verdict"
    nothing = client.get(at)
    assert (nothing.json()["status"], nothing.headers["etag"]) == ("pending", '"0"')
    said = {"status": "corrected", "annotations": [{"label": "unripe"}]}
    first = client.put(at, json=said, headers={"if-match": '"0"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    assert first.json()["annotations"] == [
        {"label": "unripe", "box": None, "polygon": None, "rle": None, "crowd": False}
    ]
    assert client.put(at, json=said, headers={"if-match": '"0"'}).headers["etag"] == '"1"'
    late = client.put(at, json={"status": "unusable"}, headers={"if-match": '"0"'})
    assert late.status_code == 412
    assert "look at it again" in late.json()["detail"]
    assert client.delete(at, headers={"if-match": '"1"'}).json()["status"] == "pending"
    history = client.get(f"{API}/predictions/{_line(client, 0)['id']}/verdicts").json()["items"]
    assert [line["status"] for line in history] == ["corrected", "pending"]


@pytest.mark.parametrize(
    "said",
    [
        {"status": "corrected", "annotations": [{"label": "dog"}]},
        {"status": "corrected", "annotations": []},
        {"status": "corrected", "annotations": [{"label": "ripe", "box": [0, 0, 5, 5]}]},
        {"status": "corrected", "annotations": [{"label": "ripe", "box": [5, 5, 0, 0]}]},
        {"status": "accepted", "annotations": [{"label": "ripe"}]},
        {"status": "pending"},
        {"status": "fine"},
    ],
)
def test_what_cannot_be_true_is_refused_with_a_sentence(client: httpx.Client, said: dict[str, Any]) -> None:
    answer = client.put(f"{API}/predictions/{_line(client, 1)['id']}/verdict", json=said)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) > 20
    assert _line(client, 1)["review"] == "pending"


def test_unknown_predictions_and_decisions_are_not_found(client: httpx.Client) -> None:
    for method, path in (
        ("GET", "predictions/x/verdict"),
        ("PUT", "predictions/x/verdict"),
        ("GET", "predictions/x/lineage"),
    ):
        assert client.request(method, f"{API}/{path}", json={"status": "accepted"}).status_code == 404
    assert client.post(f"{API}/decisions/x/approve").status_code == 404
    assert client.get(f"{API}/deployments/nowhere/queue").status_code == 404


def test_settings_that_could_not_run_are_refused_at_once(client: httpx.Client) -> None:
    orchard = f"{API}/deployments/orchard"
    assert client.put(f"{orchard}/feedback-loop", json={"dataset": "nothing"}).status_code == 404
    assert client.put(f"{orchard}/feedback-loop", json={"dataset": None, "active": True}).status_code == 422
    assert client.put(f"{orchard}/feedback-loop", json={"dataset": "fruit", "test_share": 0.9}).status_code == 422
    assert client.put(f"{orchard}/continuous-training", json={"active": True, "trainer": "nothing"}).status_code == 404
    program = {"active": False, "trainer": "command", "parameters": PARAMETERS}
    refused = client.put(f"{orchard}/continuous-training", json=program, headers={"x-relens-actor": "a program"})
    assert refused.status_code == 403


def test_what_a_deployment_setting_leaves_out_stays(client: httpx.Client) -> None:
    orchard = f"{API}/deployments/orchard"
    guarded = {"active": True, "policy": "shadow", "guard": ["latency"], "guard_hours": 6}
    refused = client.put(f"{orchard}/continuous-deployment", json=guarded)
    assert (refused.status_code, "no alert rule" in refused.json()["detail"]) == (422, True)
    rule = {"metric": "latency", "operator": "above", "value": 1e6}
    client.post(f"{orchard}/alert-rules", json=rule).raise_for_status()
    client.put(f"{orchard}/continuous-deployment", json=guarded).raise_for_status()
    demands = {
        "critical": ["ripe"],
        "latency_ms": 5000.0,
        "size_mb": 10.0,
        "after_shadow": "promote",
        "threshold": "move",
    }
    client.put(f"{orchard}/continuous-deployment", json={"active": True, **demands}).raise_for_status()
    kept = client.put(f"{orchard}/continuous-deployment", json={"active": False, "policy": "ask"}).json()
    assert kept == {**guarded, **demands, "active": False, "policy": "ask"}
    assert client.put(f"{orchard}/continuous-deployment", json={}).json() == kept
    unknown = client.put(f"{orchard}/continuous-deployment", json={"active": False, "critical": ["rotten"]})
    assert (unknown.status_code, "no label rotten" in unknown.json()["detail"]) == (422, True)
    cleared = {"active": False, "guard": [], "critical": [], "latency_ms": None, "size_mb": None, "after_shadow": "ask"}
    cleared["threshold"] = "keep unless worse"
    assert client.put(f"{orchard}/continuous-deployment", json={"active": True, "threshold": "best"}).status_code == 422
    assert cleared.items() <= client.put(f"{orchard}/continuous-deployment", json=cleared).json().items()


def test_the_queue_fills_by_itself_and_empties_as_people_settle(client: httpx.Client) -> None:
    _wait(lambda: len(client.get(f"{API}/deployments/orchard/queue?limit=5").json()["items"]) == 5)
    queued = client.get(f"{API}/deployments/orchard/queue?limit=5").json()["items"]
    assert {item["lane"] for item in queued} == {"random checks", "hard cases"}
    client.put(f"{API}/predictions/{queued[0]['id']}/verdict", json={"status": "skipped"}).raise_for_status()
    again = client.get(f"{API}/deployments/orchard/queue?limit=5").json()["items"]
    assert queued[0]["id"] not in {item["id"] for item in again}


def test_enough_reviews_start_a_run_and_the_candidate_waits_for_an_answer(client: httpx.Client) -> None:
    orchard = f"{API}/deployments/orchard"
    assert client.get(f"{orchard}/loop").json()["dataset"] is None
    client.put(f"{orchard}/feedback-loop", json={"dataset": "fruit", "test_share": 0.4}).raise_for_status()
    client.put(f"{orchard}/continuous-deployment", json={"active": True, "policy": "ask"}).raise_for_status()
    # Only random checks become test images: with a queue of nothing else there are enough of them.
    client.put(f"{orchard}/review-queue", json={"random_share": 1}).raise_for_status()
    client.get(f"{orchard}/queue?limit=100").raise_for_status()
    for number in range(64):
        said = {"status": "corrected", "annotations": [{"label": LABELS[number % 2]}]}
        client.put(f"{API}/predictions/{_line(client, number)['id']}/verdict", json=said).raise_for_status()

    def loop() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"{orchard}/loop").json()
        return found

    _wait(lambda: loop()["added"] + loop()["kept_for_testing"] == 64)
    seen = client.get(f"{orchard}/feedback-loop/preview").json()
    assert seen["labels"] == {"ripe": 32, "unripe": 32}
    assert seen["sentence"].startswith(f"+64 images ({loop()['kept_for_testing']} kept for testing)")
    wanted = {"active": True, "after": loop()["added"], "trainer": "command", "parameters": PARAMETERS}
    assert wanted.items() <= client.put(f"{orchard}/continuous-training", json=wanted).json().items()
    _wait(lambda: loop()["last_run_state"] == "succeeded", 90)
    waiting = loop()["waiting"]
    assert (waiting["decision"], waiting["applied"], waiting["policy"]) == ("promote", "waiting", "ask")
    _is_a_whole_report(client, waiting)
    assert waiting["numbers"]["scores"]["candidate"]["accuracy"] > waiting["numbers"]["scores"]["champion"]["accuracy"]
    assert loop()["dataset"] == {"name": "fruit", "version": 2}
    assert client.get(orchard).json()["champion"]["number"] == 1
    assert client.post(f"{API}/decisions/{waiting['id']}/approve").json()["applied"] == "approved"
    assert client.get(orchard).json()["champion"]["number"] == 2
    assert loop()["back_to"]["title"] == "fruit v1"
    unseen = client.post(f"{orchard}/rollback", json={"champion": loop()["back_to"]["id"]})
    assert (unseen.status_code, unseen.json()["title"]) == (409, "Champion changed")
    assert client.post(f"{API}/decisions/{waiting['id']}/refuse").status_code == 409
    _wait(lambda: client.get(orchard).json()["serving"]["model_version"] == waiting["candidate"]["id"])
    answer = client.post(f"{orchard}/predict", content=patch("ripe", 900, NEW)).json()
    assert answer["model_version"]["title"] == waiting["candidate"]["title"]
    steps = client.get(f"{API}/predictions/{answer['id']}/lineage").json()["steps"]
    assert [step["kind"] for step in steps][:3] == ["prediction", "model version", "training run"]
    assert any(step["kind"] == "verdicts" and step["by"] for step in steps)


def _is_a_whole_report(client: httpx.Client, decision: dict[str, Any]) -> None:
    """Label by label, image by image, with speed; an image from production leads to the prediction it was reviewed in."""
    report = client.get(f"{API}/decisions/{decision['id']}").json()["report"]
    images = report["images"]
    assert (images["by"], images["breaks"]) == ("answer", len(images["broken"]))
    assert len(images["fixed"]) == min(images["fixes"], 6) > 0
    assert decision["report"]["images"]["fixed"] == images["fixed"]
    fixed = images["fixed"][0]
    assert (fixed["before"], fixed["after"]) == (0.0, 1.0)
    assert client.get(f"{API}/predictions/{fixed['prediction']}").json()["asset"] == fixed["asset"]
    assert {label["name"] for label in report["labels"]} == set(LABELS)
    assert all((label["state"] == "not assessed") == (label["count"] < 30) for label in report["labels"])
    assert report["speed"]["champion_ms"] > 0 < report["speed"]["candidate_ms"]
    assert report["sizes"]["champion"] > 0 < report["sizes"]["candidate"]


def test_any_version_can_be_judged_and_only_another_one(client: httpx.Client) -> None:
    orchard = f"{API}/deployments/orchard"
    champion = client.get(orchard).json()["champion"]
    assert client.post(f"{orchard}/candidates", json={"model_version": champion["id"]}).status_code == 409
    other = "fruit/1" if champion["number"] == 2 else "fruit/2"
    small = {"active": True, "policy": "ask", "size_mb": 0.0001}
    client.put(f"{orchard}/continuous-deployment", json=small).raise_for_status()
    job = client.post(f"{orchard}/candidates", json={"model_version": other})
    assert job.status_code == 202
    ended = _ended(client, job.json()["id"])
    assert ended["state"] == "succeeded", ended["error"]
    newest = client.get(f"{orchard}/decisions?limit=1").json()
    assert newest["items"][0]["job"] == ended["id"]
    assert newest["items"][0]["applied"] == "held"
    assert newest["items"][0]["reasons"][0] == "Its file has 0.0 MB, and 0.0001 MB are allowed."
    client.put(f"{orchard}/continuous-deployment", json={"active": True, "size_mb": None}).raise_for_status()
    assert newest["next"]
    assert client.get(f"{orchard}/decisions?cursor={newest['next']}").json()["items"]


def test_a_run_by_hand_is_one_run_however_often_it_is_asked_for(client: httpx.Client) -> None:
    orchard = f"{API}/deployments/orchard"
    first, second = (client.post(f"{orchard}/retrain") for _ in range(2))
    assert first.status_code == 202
    assert second.json()["id"] == first.json()["id"] or first.json()["state"] not in ("queued", "running")
    _wait(lambda: client.get(f"{orchard}/loop").json()["run"] is None)


def test_past_images_are_answered_again_by_any_version(client: httpx.Client) -> None:
    """The first version answered them: replayed it says the same again, the second one does not."""
    results = {}
    for version in ("fruit/1", "fruit/2"):
        job = client.post(f"{API}/deployments/orchard/replays", json={"model_version": version, "images": 60})
        assert job.status_code == 202, job.text
        ended = _ended(client, job.json()["id"])
        assert ended["state"] == "succeeded", ended["error"]
        results[version] = ended["result"]
    assert results["fruit/1"]["images"] == results["fruit/2"]["images"] == 60
    assert (results["fruit/1"]["same"], results["fruit/1"]["items"]) == (60, [])
    assert results["fruit/2"]["different"] > 10
    # An image is said to be one thing, however many labels stand in its answer.
    for when in ("before", "after"):
        assert sum(said[when] for said in results["fruit/2"]["labels"].values()) == 60
    shown = results["fruit/2"]["items"]
    assert [item["amount"] for item in shown] == sorted((item["amount"] for item in shown), reverse=True)
    assert shown[0]["relabelled"][0]["before"]["label"] != shown[0]["relabelled"][0]["after"]["label"]
    assert client.post(f"{API}/deployments/orchard/replays", json={"model_version": "fruit/9"}).status_code == 404
