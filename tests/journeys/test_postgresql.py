"""The same server on PostgreSQL: predict, log, measure, review, and nothing lost when it is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.journeys.test_swap import wait_until
from tests.postgresql import fresh_database_url
from tests.server_process import running


@pytest.mark.postgresql
def test_the_walk_from_a_model_to_a_review_on_postgresql(tmp_path: Path) -> None:
    with fresh_database_url() as url, running(tmp_path / "home", RELENS_DATABASE=url) as server:
        made = server.http.post("/api/v1/models/colours/versions", files={"file": ("m.onnx", classifier())}).json()
        asked = {"name": "colours", "model_version": made["id"], "threshold": 0.1}
        assert server.http.post("/api/v1/deployments", json=asked).status_code == 201
        answers = []
        for n in range(12):
            sent = make_jpeg((200, n * 5, 0), seed=n)
            params = {"client_id": f"c{n}", "source": f"line-{n % 2}", "tags": "straße,day"}
            answer = server.http.post("/api/v1/deployments/colours/predict", content=sent, params=params)
            assert answer.status_code == 200, answer.text
            answers.append(answer.json())
        server.kill()
        server.start()
        listed = server.http.get(
            "/api/v1/deployments/colours/predictions", params={"tag": "straße", "source": "line-1"}
        )
        assert {item["id"] for item in listed.json()["items"]} == {answer["id"] for answer in answers[1::2]}
        verdict = server.http.put(f"/api/v1/predictions/{answers[0]['id']}/verdict", json={"status": "accepted"})
        assert verdict.status_code == 200, verdict.text
        wait_until(lambda: server.http.get("/api/v1/deployments/colours/metrics/volume").json()["count"] == 12)
        head = server.http.get("/api/v1/deployments/colours/overview").json()
        assert (head["predictions"], head["reviewed"]) == (12, 1)
        report = server.http.get("/api/v1/deployments/colours/metrics/classification_report").json()
        assert report["count"] == 1
