"""A segmentation model from file to review: registered, served with outlines, logged, browsed, accepted; and a reader brought as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from onnx import helper

from relens.serving.routes import AnswerOut
from relens.testing import tiny_models
from relens.testing.images import GREEN, make_png
from tests.server_process import Server, running

PLUGIN = '''"""Classifiers whose output is called "mystery"."""
import numpy as np
from relens.inference.reader import Declared, Found


class Mystery:
    title = "Mystery"
    tasks = ("classification",)

    def refusal(self, graph):
        return None if graph.output("mystery") else "it has no output called 'mystery'"

    def declared(self, graph):
        return Declared("classification", classes=graph.output("mystery").shape[1])

    def read(self, outputs, placement):
        row = np.clip(outputs["mystery"][:, 0, 0], 0, 1)
        order = np.argsort(-row)
        return Found(order, row[order].astype(np.float32))


READER = Mystery()
'''


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home") / "relens"
    plugins = home / "plugins" / "outputs"
    plugins.mkdir(parents=True)
    (plugins / "mystery.py").write_text(PLUGIN)
    with running(home) as started:
        yield started


def register(server: Server, name: str, onnx: bytes, **fields: str) -> dict[str, Any]:
    sent = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("m.onnx", onnx)}, data=fields)
    assert sent.status_code == 201, sent.text
    made: dict[str, Any] = sent.json()
    return made


def test_outlines_are_answered_logged_shown_and_can_be_accepted(server: Server) -> None:
    version = register(server, "blobs", tiny_models.segmenter())
    assert (version["task"], version["outputs"]) == ("segmentation", "ultralytics_segment")
    assert version["features"].startswith("appearance only")
    deployment = {"name": "outlines", "model_version": version["id"], "threshold": 0.3}
    assert server.http.post("/api/v1/deployments", json=deployment).status_code == 201
    image = make_png(size=(128, 96), blobs=[((32, 24, 80, 72), GREEN)])
    answer = server.http.post("/api/v1/deployments/outlines/predict", content=image)
    assert answer.status_code == 200, answer.text
    assert AnswerOut.model_validate_json(answer.content).model_dump(mode="json") == answer.json()
    (found,) = answer.json()["detections"]
    assert found["label"] == "green"
    assert found["box"] == pytest.approx((32, 24, 80, 72), abs=8)
    ring = found["polygon"][0]
    assert (min(ring[0::2]), min(ring[1::2]), max(ring[0::2]), max(ring[1::2])) == tuple(found["box"])
    line = server.http.get(f"/api/v1/predictions/{answer.json()['id']}").json()
    said = next(one for one in line["detections"] if one["answered"])
    assert {key: said[key] for key in ("label", "confidence", "box", "polygon")} == found
    page = server.http.get("/api/v1/deployments/outlines/predictions", params={"q": 'label = "green"'}).json()
    assert [one["id"] for one in page["items"]] == [answer.json()["id"]]
    verdict = server.http.put(f"/api/v1/predictions/{line['id']}/verdict", json={"status": "accepted"})
    assert verdict.status_code == 200, verdict.text
    assert [one["polygon"] for one in verdict.json()["annotations"]] == [found["polygon"]]


def test_a_reader_in_the_home_folder_is_listed_chosen_and_used(server: Server) -> None:
    readers = {one["name"]: one for one in server.http.get("/api/v1/readers").json()["items"]}
    assert readers["mystery"]["tasks"] == ["classification"]
    assert readers["ultralytics_segment"]["tasks"] == ["segmentation"]
    nodes = [helper.make_node("GlobalAveragePool", ["images"], ["mystery"])]
    onnx = tiny_models.model(nodes, {}, [("mystery", ["batch", 3, 1, 1])], 32)
    version = register(server, "mystery", onnx, labels='["red", "green", "blue"]', reader="mystery")
    assert version["outputs"] == "mystery"
    deployment = {"name": "mystery", "model_version": version["id"], "threshold": 0.0}
    assert server.http.post("/api/v1/deployments", json=deployment).status_code == 201
    said = server.http.post("/api/v1/deployments/mystery/predict", content=make_png(GREEN)).json()
    assert said["detections"][0]["label"] == "green"


def test_a_hostile_file_is_refused_and_the_server_answers_on(server: Server) -> None:
    refused = server.http.post("/api/v1/models/bad/versions", files={"file": ("m.onnx", b"PK\x03\x04 and more")})
    assert refused.status_code == 422
    assert "PyTorch checkpoint" in refused.json()["detail"]
    wrong = {"input": '{"resize": "somehow"}', "labels": '["a", "b", "c"]'}
    sent = server.http.post(
        "/api/v1/models/bad/versions", files={"file": ("m.onnx", tiny_models.classifier(declare=False))}, data=wrong
    )
    assert sent.status_code == 422
    assert "letterbox, stretch or crop" in sent.json()["detail"]
    assert server.http.get("/readyz").status_code == 200


def test_what_was_taken_for_granted_is_said(server: Server) -> None:
    plain = tiny_models.classifier(declare=False)
    assumed = register(server, "plain", plain, labels='["a", "b", "c"]')["assumed"]
    assert any("normalised" in sentence for sentence in assumed)
    told = register(
        server, "told", plain, labels='["a", "b", "c"]', input='{"normalise": "imagenet", "resize": "crop"}'
    )
    assert told["assumed"] == []
    assert told["input"]["mean"] == pytest.approx([0.485, 0.456, 0.406])
