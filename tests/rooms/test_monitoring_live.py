"""Monitoring behind a real server: training data is learned by a job, sums survive a kill, an alert fires."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import numpy as np
import pytest

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.contracts.test_channels import Receiver
from tests.server_process import Server, running

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
RNG = np.random.default_rng(5)


def shade(name: str, light: float = 1.0) -> bytes:
    """An image of that colour, each a little different."""
    colour = np.clip(np.array(COLOURS[name]) * light + RNG.normal(0, 12, 3), 0, 255)
    return make_jpeg(tuple(int(c) for c in colour))  # type: ignore[arg-type]


def wait_until(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline, pause = monotonic() + seconds, Event()
    while not (found := what()):
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.05)
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "home") as started:
        yield started


def dataset(server: Server, per_label: int = 24) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in COLOURS:
            for i in range(per_label):
                archive.writestr(f"train/{name}/{i}.jpg", shade(name))
    asked = server.http.post("/api/v1/datasets/colours/import?format=folder", content=packed.getvalue())
    assert asked.status_code == 202, asked.text
    job = server.job(asked.json()["id"])
    assert job["state"] == "succeeded", job
    version: str = job["result"]["dataset_version"]
    return version


def deploy(server: Server) -> None:
    files = {"file": ("model.onnx", classifier())}
    version = server.http.post("/api/v1/models/colours/versions", files=files).raise_for_status().json()
    body = {"name": "colours", "model_version": version["id"], "threshold": 0.2}
    server.http.post("/api/v1/deployments", json=body).raise_for_status()


def predict(server: Server, data: bytes, source: str = "line-1") -> None:
    server.http.post(f"/api/v1/deployments/colours/predict?source={source}", content=data).raise_for_status()


def metric(server: Server, name: str, **asked: str) -> dict[str, Any]:
    answer = server.http.get(f"/api/v1/deployments/colours/metrics/{name}", params=asked).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def counted(server: Server) -> int:
    """By the sums, not by the log: an hour per point."""
    return int(metric(server, "volume", bucket="3600")["count"])


def test_training_data_is_learned_earlier_predictions_are_scored_and_drift_is_told(server: Server) -> None:
    receiver = Receiver()
    version = dataset(server)
    deploy(server)
    for _ in range(10):
        predict(server, shade("red"))
    before = server.http.get("/api/v1/deployments/colours/training-data").json()
    assert before["state"] == "off"
    assert metric(server, "drift")["available"] is False
    chosen = server.http.put("/api/v1/deployments/colours/training-data", json={"dataset_version": version})
    assert chosen.status_code == 200, chosen.text
    assert server.job(chosen.json()["job"])["state"] == "succeeded"
    state = server.http.get("/api/v1/deployments/colours/training-data").json()
    assert (state["state"], state["dataset_version"]["title"]) == ("ready", "colours v1")
    page = server.http.get("/api/v1/deployments/colours/predictions").json()["items"]
    assert all(line["outlier"] is not None for line in page)

    rule = {
        "metric": "drift", "field": "d", "operator": "above", "value": 0.4, "min_count": 30, "webhook": receiver.url
    }  # fmt: skip
    server.http.put("/api/v1/deployments/colours/drift", json={"notice": 50}).raise_for_status()
    server.http.post("/api/v1/deployments/colours/alert-rules", json=rule).raise_for_status()
    for i in range(60):
        predict(server, shade(list(COLOURS)[i % 3], light=0.3), source="line-2")
    wait_until(lambda: metric(server, "drift", bucket="3600")["value"]["n"] == 70)
    value = metric(server, "drift")["value"]
    assert value["notice"] is True
    assert value["slice"]["source"] == "line-2"
    assert value["sentence"].startswith("line-2")
    (alert,) = wait_until(lambda: server.http.get("/api/v1/alerts").json()["items"])
    assert alert["metric"] == "drift"
    assert "line-2" in alert["sentence"]
    wait_until(lambda: receiver.received)
    told = receiver.received[0][1]["data"]
    assert alert["sentence"] == f"{told['sentence']}; {told['cause']}"
    board = server.http.get("/api/v1/deployments/colours/dashboard").json()
    assert board["sources"] == ["line-1", "line-2"]
    assert board["metrics"]["label_distribution"]["value"]["labels"]["red"]["training_count"] == 24
    assert board["metrics"]["classification_report"]["available"] is False
    receiver.close()


def test_what_checks_say_of_all_traffic_stands_on_the_dashboard_and_may_be_asked_of_a_part(server: Server) -> None:
    deploy(server)
    for _ in range(4):
        predict(server, shade("blue"))
    wait_until(lambda: counted(server) >= 4)
    board = server.http.get("/api/v1/deployments/colours/dashboard").json()
    beside = board["estimates"]
    assert (beside["items"], beside["reviews"], beside["unseen"]) == ([], 0, 0)
    assert "100 random checks" in beside["needs"]
    assert set(beside["guess"]) <= {"accuracy"}
    for asked in ("label=red", "source=line-2", 'query=source = "line-2"', "role=shadow", "tag=night"):
        answer = server.http.get(f"/api/v1/deployments/colours/estimates?{asked}")
        assert answer.status_code == 200, answer.text
    apart = server.http.get("/api/v1/deployments/colours/estimates/apart?by=label").json()
    assert set(apart["items"]) == set(board["labels"])


def test_what_was_logged_before_a_kill_is_counted_once_after_it(server: Server) -> None:
    deploy(server)
    sent = 0
    for _ in range(2):
        for _ in range(12):
            predict(server, shade("blue"))
            sent += 1
        # In the middle of counting, as far as anyone can tell.
        server.kill()
        server.start()
        wait_until(lambda so_far=sent: counted(server) >= so_far)
        assert counted(server) == sent


def test_the_catalog_explains_every_metric_and_bad_questions_get_a_sentence(server: Server) -> None:
    found = server.http.get("/api/v1/metrics").json()["items"]
    assert {"drift", "outlier", "latency", "average_precision"} <= {one["name"] for one in found}
    assert all(one["definition"] and one["formula"] for one in found)
    deploy(server)
    for path, status in (
        ("metrics/weather", 404),
        ("metrics/heatmap", 404),
        ("metrics/volume?from=yesterday", 422),
        ("metrics/volume?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422),
        ("dashboard?bucket=7", 422),
    ):
        answer = server.http.get(f"/api/v1/deployments/colours/{path}")
        assert answer.status_code in (status, 400), (path, answer.text)
        assert answer.json()["detail"]
    missing = {"dataset_version": "nothing/1"}
    assert server.http.put("/api/v1/deployments/colours/training-data", json=missing).status_code == 404
