"""Models over HTTP: sent, shown, downloaded, refused with a sentence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from onnx import helper, load_model_from_string

from relens.access.asking import Door
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.kit.ids import content_id, new_id
from relens.registry import routes
from relens.server.app import make_app
from relens.testing import tiny_models


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


class Client:
    """Asks the app itself, one request after another; no socket is opened."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        return self._ask("POST", path, **sent)

    def _ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self._app), base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, **sent)

        return asyncio.run(ask())


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Client:
    parts = Parts(database)
    parts.add(Folder(tmp_path / "files"), Storage)
    parts.add(Door(database, Settings(home=tmp_path)))
    return Client(make_app((routes.router,), parts, _nothing))


def send(client: Client, name: str, onnx: bytes, checkpoint: bytes | None = None, **fields: Any) -> Any:
    files = {"file": ("model.onnx", onnx)} | ({"checkpoint": ("c.ckpt", checkpoint)} if checkpoint else {})
    return client.post(f"/api/v1/models/{name}/versions", files=files, data=fields)


def test_a_version_that_was_sent_is_shown_in_every_place(client: Client) -> None:
    onnx = tiny_models.detector()
    sent = send(client, "blobs", onnx, b"weights", note="hand made", advised_threshold="0.3")
    assert sent.status_code == 201, sent.text
    version = sent.json()
    assert version["title"] == "blobs v1"
    assert version["input"] == {
        "name": "images", "width": 64, "height": 64, "resize": "letterbox", "pad": 0, "scale": pytest.approx(1 / 255),
        "mean": [0, 0, 0], "std": [1, 1, 1], "colour": "rgb", "layout": "nchw", "dtype": "float32", "batch": True,
    }  # fmt: skip
    assert (version["outputs"], version["task"], version["labels"]) == (
        "compact_detect",
        "detection",
        ["red", "green", "blue"],
    )
    assert (version["has_features"], version["has_checkpoint"], version["advised_threshold"]) == (True, True, 0.3)
    assert (version["artifact"], version["size_bytes"]) == (content_id(onnx), len(onnx))
    assert version["created_at"].endswith("Z")
    for ref in (version["id"], "blobs/1", "blobs/latest"):
        assert client.get(f"/api/v1/model-versions/{ref}").json() == version
        artifact = client.get(f"/api/v1/model-versions/{ref}/artifact")
        assert artifact.content == onnx
        assert artifact.headers["etag"] == f'"{content_id(onnx)}"'
    model = client.get("/api/v1/models/blobs").json()
    assert (model["versions"], model["latest"], model["task"]) == (1, version, "detection")
    assert client.get("/api/v1/models").json() == {"items": [model], "next": None}
    assert client.get("/api/v1/models/blobs/versions").json()["items"] == [version]
    assert send(client, "blobs", onnx).json() == version


def test_what_the_file_does_not_declare_comes_with_the_form(client: Client) -> None:
    plain = tiny_models.classifier(declare=False)
    refused = send(client, "colours", plain)
    assert refused.status_code == 422
    assert "does not name its labels" in refused.json()["detail"]
    labels = json.dumps(["röd", "grön", "blå"])
    sent = send(
        client, "colours", plain, labels=labels, task="classification", reader="softmax", dataset_version=new_id()
    )
    assert sent.status_code == 201
    assert sent.json()["labels"] == ["röd", "grön", "blå"]
    child = send(client, "colours", tiny_models.classifier(note="2"), parent="colours/1")
    assert child.json()["parent"] == sent.json()["id"]


REFUSED: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("x", b"not a model", {}, 422, "not an ONNX model"),
    ("x", b"", {}, 422, "not an ONNX model"),
    ("x", tiny_models.classifier()[:200], {}, 422, "export it again"),
    ("x", tiny_models.classifier(), {"labels": "red, green"}, 422, "labels is not JSON"),
    ("x", tiny_models.classifier(), {"labels": '{"red": 1}'}, 422, "JSON list of names"),
    ("x", tiny_models.classifier(), {"labels": '["red"]'}, 422, "3 classes apart, but 1 labels"),
    ("x", tiny_models.classifier(), {"reader": "nonsense"}, 404, "choose one of"),
    ("x", tiny_models.classifier(), {"task": "detection"}, 422, "not detection"),
    ("x", tiny_models.classifier(), {"parent": "gone/1"}, 404, "no model version 'gone/1'"),
    ("x", tiny_models.classifier(), {"dataset_version": "bccd/1"}, 422, "is not an id"),
    ("x", tiny_models.classifier(), {"advised_threshold": "2"}, 422, "between 0 and 1"),
    ("-x", tiny_models.classifier(), {}, 422, "cannot be a model's name"),
]


def test_a_refusal_says_what_is_wrong_and_leaves_nothing(client: Client) -> None:
    for name, onnx, fields, status, words in REFUSED:
        answer = send(client, name, onnx, **fields)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        assert words in answer.json()["detail"]
    assert client.get("/api/v1/models").json()["items"] == []


def test_a_task_that_contradicts_the_model_is_a_conflict(client: Client) -> None:
    assert send(client, "x", tiny_models.classifier()).status_code == 201
    assert send(client, "x", tiny_models.detector()).status_code == 409
    assert send(client, "x", tiny_models.classifier(), labels='["a", "b", "c"]').status_code == 409


def test_what_is_not_there_is_404(client: Client) -> None:
    for path in ("models/none", "models/none/versions", "model-versions/none/1", "model-versions/none/artifact"):
        assert client.get(f"/api/v1/{path}").status_code == 404


@pytest.mark.parametrize("odd", ["\\ud800", "a\\u0000b"])
def test_a_label_that_cannot_be_kept_is_refused_wherever_it_stands(client: Client, odd: str) -> None:
    labels = f'["good", "{odd}", "other"]'
    given = send(client, "blobs", tiny_models.classifier(), labels=labels)
    declared = send(client, "blobs", onnx_with("relens.labels", labels))
    ultralytics = send(
        client, "blobs", onnx_with("names", f"{{0: 'good', 1: '{odd}', 2: 'other'}}", without="relens.labels")
    )
    for answer in (given, declared, ultralytics):
        assert answer.status_code == 422, answer.text
    assert client.get("/api/v1/models").json()["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"input": '{"scale": 1e999}'},
        {"input": '{"pad": NaN}'},
        {"input": "[" * 100_000},
        {"advised_threshold": "nan"},
        {"advised_threshold": "1e999"},
        {"note": "a\0b"},
        {"parent": "a\0b"},
        {"reader": "\0"},
    ],
)
def test_a_field_that_cannot_be_kept_is_refused(client: Client, fields: dict[str, str]) -> None:
    answer = send(client, "blobs", tiny_models.classifier(), **fields)
    assert answer.status_code == 422, answer.text


def onnx_with(key: str, value: str, without: str = "") -> bytes:
    """A classifier whose file declares this too."""
    model = load_model_from_string(tiny_models.classifier())
    kept = {one.key: one.value for one in model.metadata_props if one.key not in (key, without)}
    del model.metadata_props[:]
    helper.set_model_props(model, {**kept, key: value})
    return bytes(model.SerializeToString())
