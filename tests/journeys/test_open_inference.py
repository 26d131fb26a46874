"""The Open Inference Protocol over plain HTTP: metadata, both forms of a request and of an answer, and every way to get it wrong."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from relens.testing.images import DARK, RED, make_jpeg
from relens.testing.tiny_models import classifier, detector
from tests.server_process import Server, running

IMAGE = make_jpeg(DARK, (128, 96), blobs=[((20, 20, 60, 50), RED)])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        for name, model in (("blobs", detector()), ("colours", classifier())):
            sent = started.http.post(f"/api/v1/models/{name}/versions", files={"file": ("m.onnx", model)}).json()
            made = {"name": name, "model_version": sent["id"], "threshold": 0.3}
            assert started.http.post("/api/v1/deployments", json=made).status_code == 201
            assert started.http.post(f"/api/v1/deployments/{name}/predict", content=IMAGE).status_code == 200
        yield started


def as_json(image: bytes = IMAGE, **more: Any) -> dict[str, Any]:
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(image).decode()]}
    return {"inputs": [tensor], **more}


def as_bytes(image: bytes = IMAGE, **more: Any) -> tuple[bytes, dict[str, str]]:
    behind = struct.pack("<I", len(image)) + image
    tensor = {
        "name": "image",
        "datatype": "BYTES",
        "shape": [1],
        "parameters": {"binary_data_size": len(behind)},
    }
    head = json.dumps({"inputs": [tensor], **more}).encode()
    return head + behind, {"Inference-Header-Content-Length": str(len(head))}


def infer(server: Server, body: Any, deployment: str = "blobs", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.http.post(f"/v2/models/{deployment}/infer", content=content, headers=headers)


def tensors(answer: httpx.Response) -> dict[str, Any]:
    """Every output as an array or a list of names, whichever form it came in."""
    assert answer.status_code == 200, answer.text
    length = answer.headers.get("Inference-Header-Content-Length")
    end = int(length) if length else len(answer.content)
    found, behind = {}, answer.content[end:]
    for output in json.loads(answer.content[:end])["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            values = output["data"]
        else:
            raw, behind = behind[:size], behind[size:]
            values = _names(raw) if output["datatype"] == "BYTES" else np.frombuffer(raw, _DTYPES[output["datatype"]])
        kind = output["datatype"]
        found[output["name"]] = (
            values if kind == "BYTES" else np.asarray(values, _DTYPES[kind]).reshape(output["shape"])
        )
        assert len(values) == np.prod(output["shape"])
    assert behind == b""
    return found


_DTYPES = {"FP32": "<f4", "INT32": "<i4"}


def _names(raw: bytes) -> list[str]:
    names, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        names.append(raw[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return names


def test_the_server_says_what_it_is_and_that_it_lives(server: Server) -> None:
    about = server.http.get("/v2").json()
    assert about["name"] == "relens"
    assert "binary_tensor_data" in about["extensions"]
    assert server.http.get("/v2/health/live").json() == {"live": True}
    assert server.http.get("/v2/health/ready").json() == {"ready": True}


def test_a_deployment_is_a_model_with_one_image_in_and_its_detections_out(server: Server) -> None:
    said = server.http.get("/v2/models/blobs").json()
    assert said["versions"] == ["1"]
    assert said["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [1]}]
    assert {one["name"]: one["shape"] for one in said["outputs"]} == {
        "boxes": [-1, 4],
        "scores": [-1],
        "labels": [-1],
        "label_indices": [-1],
    }
    assert "boxes" not in {one["name"] for one in server.http.get("/v2/models/colours").json()["outputs"]}
    assert server.http.get("/v2/models/blobs/versions/1").json() == said
    for address in ("/v2/models/blobs/ready", "/v2/models/blobs/versions/1/ready"):
        assert server.http.get(address).json() == {"name": "blobs", "ready": True}


def test_both_forms_answer_what_our_own_address_answers_bit_for_bit(server: Server) -> None:
    own = server.http.post("/api/v1/deployments/blobs/predict", content=IMAGE).json()["detections"]
    body, headers = as_bytes(parameters={"binary_data_output": True})
    for answer in (infer(server, as_json()), infer(server, body, **headers)):
        said = tensors(answer)
        assert own
        assert said["boxes"].tobytes() == np.asarray([d["box"] for d in own], "<f4").tobytes()
        assert said["scores"].tobytes() == np.asarray([d["confidence"] for d in own], "<f4").tobytes()
        assert list(said["labels"]) == [d["label"] for d in own]
        assert said["label_indices"].tolist() == [("red", "green", "blue").index(d["label"]) for d in own]


def test_only_the_outputs_that_were_asked_for_come_each_in_its_form(server: Server) -> None:
    wanted = [{"name": "labels", "parameters": {"binary_data": True}}, {"name": "scores"}]
    answer = infer(server, as_json(outputs=wanted))
    assert list(tensors(answer)) == ["labels", "scores"]
    head = json.loads(answer.content[: int(answer.headers["Inference-Header-Content-Length"])])
    assert ["data" in output for output in head["outputs"]] == [False, True]


def test_an_answer_is_logged_with_what_came_beside_the_image(server: Server) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    beside = {
        "client_id": "oip-1",
        "source": "line-7",
        "tags": "day, left",
        "metadata": '{"shift": 2}',
        "taken_at": "2026-03-04T05:06:07Z",
    }
    asked = as_json(id="mine", parameters=beside)
    answer = infer(server, asked, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    said = answer.json()
    assert (said["id"], said["model_name"], said["model_version"]) == ("mine", "blobs", "1")
    assert answer.headers["traceresponse"].split("-")[1] == trace
    line = server.http.get(f"/api/v1/predictions/{said['parameters']['prediction']}").json()
    assert (line["client_id"], line["source"], line["tags"]) == ("oip-1", "line-7", ["day", "left"])
    assert line["trace"] == trace
    assert (line["metadata"], line["taken_at"]) == ({"shift": 2}, "2026-03-04T05:06:07.000000Z")
    again = infer(server, as_json(parameters=beside)).json()
    assert again["parameters"]["prediction"] == said["parameters"]["prediction"]
    assert "id" not in again


def test_an_image_without_detections_has_empty_tensors(server: Server) -> None:
    dark = make_jpeg(DARK, (64, 64))
    body, headers = as_bytes(dark, parameters={"binary_data_output": True})
    for answer in (infer(server, as_json(dark)), infer(server, body, **headers)):
        said = tensors(answer)
        assert said["boxes"].shape == (0, 4)
        assert said["scores"].shape == (0,)


WRONG: dict[str, tuple[Any, dict[str, str], int, str]] = {
    "no JSON": (b"{", {}, 400, "no JSON"),
    "no object": ([1], {}, 400, "object"),
    "no inputs": ({}, {}, 400, "inputs"),
    "another input": ({"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1], "data": [""]}]}, {}, 400, "'image'"),
    "pixels": (
        {"inputs": [{"name": "image", "datatype": "FP32", "shape": [1, 3, 2, 2], "data": [0] * 12}]},
        {},
        400,
        "BYTES tensor of shape [1]",
    ),
    "no base64": (
        {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": ["ÿØÿà"]}]},
        {},
        400,
        "base64",
    ),
    "two images": (
        {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": ["aaaa", "aaaa"]}]},
        {},
        400,
        "one image",
    ),
    "no image": (as_json(b"this is text"), {}, 400, "not an image"),
    "an output there is not": (as_json(outputs=[{"name": "masks"}]), {}, 400, "there is no output 'masks'"),
    "an output twice": (as_json(outputs=[{"name": "boxes"}, {"name": "boxes"}]), {}, 400, "twice"),
    "a threshold": (as_json(parameters={"threshold": 0.9}), {}, 400, "threshold"),
    "a source that is no text": (as_json(parameters={"source": 3}), {}, 400, "source is a string"),
    "NUL in a tag": (as_json(parameters={"tags": "a\0b"}), {}, 400, "NUL"),
    "half a character": (as_json(id="\ud800"), {}, 400, "half a character"),
    "shared memory": (
        {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"shared_memory_region": "r"}}]},
        {},
        400,
        "shares no memory",
    ),
    "a header longer than the body": (as_json(), {"Inference-Header-Content-Length": "999999999"}, 400, "the body has"),
    "a header that is no number": (as_json(), {"Inference-Header-Content-Length": "-5"}, 400, "number of bytes"),
    "a size that is not there": (
        {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}}]},
        {},
        400,
        "binary_data_size",
    ),
    "compressed": (as_json(), {"Content-Encoding": "gzip"}, 415, "compressed"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_request_gets_a_sentence_in_the_protocols_shape(server: Server, what: str) -> None:
    body, headers, status, words = WRONG[what]
    answer = infer(server, body, **headers)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert words in answer.json()["error"]


def test_bytes_that_end_too_early_are_refused(server: Server) -> None:
    body, headers = as_bytes()
    assert "binary_data_size" in infer(server, body[:-1], **headers).json()["error"]
    head = body[: int(headers["Inference-Header-Content-Length"])]
    inside = struct.pack("<I", 10**9) + IMAGE
    assert "only" in infer(server, head + inside, **headers).json()["error"]


def test_what_there_is_not_is_404_in_the_protocols_shape(server: Server) -> None:
    for method, address in (
        ("GET", "/v2/models/nobody"),
        ("GET", "/v2/models/nobody/ready"),
        ("GET", "/v2/models/blobs/versions/9"),
        ("GET", "/v2/models/blobs/versions/9/ready"),
        ("POST", "/v2/nothing"),
        ("GET", "/v2/nothing"),
    ):
        answer = server.http.request(method, address)
        assert (answer.status_code, list(answer.json())) == (404, ["error"]), address
    assert server.http.post("/v2/models/blobs/versions/9/infer", json=as_json()).status_code == 404
    wrong_way = server.http.get("/v2/models/blobs/infer")
    assert (wrong_way.status_code, wrong_way.headers["allow"]) == (405, "POST")


def test_the_rules_of_the_door_hold_here_as_well(server: Server, tmp_path: Path) -> None:
    refused = server.http.get("/v2/models/blobs", headers={"Host": "evil.example"})
    assert (refused.status_code, list(refused.json())) == (403, ["error"])
    with running(tmp_path / "home", RELENS_TOKEN="a secret of many letters") as guarded:
        assert guarded.http.get("/v2/health/live").status_code == 200
        assert guarded.http.get("/v2").status_code == 401
        assert guarded.http.post("/v2/models/blobs/infer", json=as_json()).status_code == 401
        let_in = guarded.http.get("/v2", headers={"Authorization": "Bearer a secret of many letters"})
        assert let_in.status_code == 200
