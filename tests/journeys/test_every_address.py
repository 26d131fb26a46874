"""Every address of the OpenAPI document, asked with whatever its schema allows and forbids: no address fails, none surprises.

RELENS_TEST_FUZZ=200 asks that many times per address and mode instead of a few; RELENS_TEST_FUZZ_SEED varies the questions.
"""

from __future__ import annotations

import json
import os
import random
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relens.testing.images import DARK, RED, make_jpeg
from relens.testing.tiny_models import detector
from tests.server_process import Server, running

FEW = 3
TIMES = int(os.environ.get("RELENS_TEST_FUZZ", FEW))
SEED = int(os.environ.get("RELENS_TEST_FUZZ_SEED", "1"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# What would train for minutes, once it is asked rightly, has tests of its own.
LEFT_OUT = {("POST", "/api/v1/training-runs"), ("POST", "/api/v1/deployments/{deployment}/retrain")}


@dataclass(frozen=True)
class World:
    """A server with content, and the names that lead to it."""

    server: Server
    names: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("home") / "relens") as server:
        yield World(server, settle(server))


def settle(server: Server) -> dict[str, str]:
    """A deployment with predictions, a verdict, an alert rule and a job; what each placeholder of an address may stand for."""
    version = server.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).json()
    asked = {"name": "blobs", "model_version": version["id"], "threshold": 0.2}
    assert server.http.post("/api/v1/deployments", json=asked).status_code == 201
    lines = []
    for seed in range(4):
        image = make_jpeg(DARK, (96, 72), seed=seed, blobs=[((20, 20, 60, 50), RED)])
        fields = {"source": f"line-{seed}", "tags": "day", "client_id": str(seed)}
        lines.append(server.http.post("/api/v1/deployments/blobs/predict", content=image, params=fields).json())
    verdict = server.http.put(f"/api/v1/predictions/{lines[0]['id']}/verdict", json={"status": "accepted"})
    assert verdict.status_code == 200, verdict.text
    rule = {"metric": "latency", "operator": "above", "value": 1e6}
    rule_id = server.http.post("/api/v1/deployments/blobs/alert-rules", json=rule).json()["id"]
    imported = server.job(server.http.post("/api/v1/datasets/blobs/import", content=dataset()).json()["id"])
    assert imported["state"] == "succeeded", imported
    page = server.http.get("/api/v1/deployments/blobs/predictions?limit=1").json()
    return {
        "deployment": "blobs",
        "prediction": lines[1]["id"],
        "prediction_id": lines[0]["id"],
        "asset_id": lines[0]["image"]["asset"],
        "ref": "blobs",
        "version": "1",
        "rule_id": rule_id,
        "job": imported["id"],
        "job_id": imported["id"],
        "metric": "latency",
        "model_version": version["id"],
        "dataset_version": imported["result"]["dataset_version"],
        "query": 'label = "red" and confidence > 0.1',
        "sort": "-confidence",
        "cursor": page["next"],
        "from": "2020-01-01T00:00:00Z",
        "to": "2090-01-01T00:00:00Z",
        "format": "coco",
        "split": "train",
        "label": "red",
        "source": "line-1",
        "tag": "day",
        "webhook": "http://127.0.0.1:9/nobody",
        "operator": "above",
    }


def dataset() -> bytes:
    """A zip of two labelled images, as COCO writes them."""
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 96, "height": 72} for n in (1, 2)]
    boxes = [
        {"id": n, "image_id": n, "category_id": 1, "bbox": [20, 20, 40, 30], "area": 1200, "iscrowd": 0} for n in (1, 2)
    ]
    written = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "red"}]}
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("annotations.json", json.dumps(written))
        for image in images:
            pixels = make_jpeg(DARK, (96, 72), seed=50 + image["id"], blobs=[((20, 20, 60, 50), RED)])
            packed.writestr(f"images/{image['file_name']}", pixels)
    return file.getvalue()


@pytest.mark.timeout(3600)
def test_no_address_fails_and_none_answers_what_the_document_does_not_say(world: World) -> None:
    schema = schemathesis.openapi.from_url(f"{world.server.url}/api/v1/openapi.json")
    failures: dict[str, str] = {}
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and TIMES == FEW and not operation.body:
                continue  # most of the time goes into thinking up what is forbidden
            asked += 1
            if said := _ask(operation, mode, world):
                failures[f"{operation.method.upper()} {operation.path} ({mode.value})"] = said
    assert not failures, "\n\n".join(f"{where}\n{said}" for where, said in failures.items())
    assert asked > 90
    world.server.http.post("/api/v1/deployments/blobs/restore")  # one of the addresses puts it away
    assert _comes_to_life(world), world.server.http.get("/api/v1/deployments/blobs").json()["serving"]
    log = world.server.log.read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") :][:4000]


def _comes_to_life(world: World, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while world.server.http.get("/api/v1/deployments/blobs").json()["serving"]["state"] != "live":
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def _ask(operation: Any, mode: GenerationMode, world: World) -> str:
    """What was wrong with one address; nothing when nothing was."""

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=TIMES,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), known=hypothesis.strategies.integers(0, 99))
    def ask(case: Any, known: int) -> None:
        chance = random.Random(known)
        for part in (case.path_parameters, case.query, case.body):
            _about_things_there_are(part, world.names, chance)
        answer = case.call(base_url=world.server.url, timeout=30)
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        return ""  # nothing can be wrong about a request that has no parts
    except (Failure, FailureGroup) as failure:
        return _told(failure)
    except BaseExceptionGroup as several:
        return "\n".join(_told(one) for one in several.exceptions)
    return ""


def _about_things_there_are(part: Any, names: dict[str, str], chance: random.Random) -> None:
    """Puts names that lead somewhere in most of their places: random ones are refused long before anything can break."""
    for name in part if isinstance(part, dict) else ():
        if name in names and chance.random() < 0.8:
            part[name] = names[name]


def _told(failure: BaseException) -> str:
    inside = getattr(failure, "exceptions", None)
    return "\n".join(map(_told, inside)) if inside else f"{type(failure).__name__}: {failure}"[:1500]
