"""The client's verbs as requests."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

import relens
from relens.kit.errors import Invalid
from relens.sdk.archive import zipped
from relens.sdk.client import Client
from relens.sdk.errors import JobFailed, NotReachable
from relens.sdk.images import image_bytes
from relens.sdk.jobs import wait_until
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box
from tests.unit.sdk.conftest import Peer

ANSWER = {
    "id": "p1",
    "client_id": "c1",
    "deployment": "d",
    "model_version": {"id": "v1", "title": "bolts v1", "artifact": "ab"},
    "latency_ms": 3.5,
    "threshold": 0.4,
    "image": {"asset": "a", "width": 32, "height": 24},
    "detections": [{"label": "bolt", "confidence": 0.9, "box": [1, 2, 3, 4]}],
}


def test_importing_relens_imports_no_http_client() -> None:
    code = "import relens, sys; print(sorted(m for m in ('httpx', 'numpy', 'PIL', 'fastapi') if m in sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_client_hangs_from_the_package() -> None:
    assert relens.Client is Client


def test_predict_always_sends_a_client_id_so_that_a_retry_logs_nothing_twice(peer: Peer) -> None:
    peer.answers = [(502, {}, {}), (200, {}, ANSWER)]
    with Client(peer.url) as client:
        answer = client.deployment("d").predict(b"jpeg", source="line-1", tags=["a", "b"])
    first, second = (parse_qs(urlsplit(path).query) for _, path, *_ in peer.asked)
    assert first["client_id"] == second["client_id"]
    assert (first["source"], first["tags"]) == (["line-1"], ["a,b"])
    assert answer.label == "bolt"
    assert answer.detections[0].shape == Box(1, 2, 3, 4)


def test_a_correction_is_written_as_the_api_wants_it(peer: Peer) -> None:
    peer.answers = [(200, {}, {"status": "corrected"})]
    with Client(peer.url, actor="Alice") as client:
        client.review.correct("p1", [Annotation("nut", Box(0, 0, 5, 5))], if_match=3)
    method, path, headers, body = peer.asked[0]
    assert (method, path) == ("PUT", "/api/v1/predictions/p1/verdict")
    assert json.loads(body) == {"status": "corrected", "annotations": [{"label": "nut", "box": [0.0, 0.0, 5.0, 5.0]}]}
    assert headers["If-Match"] == '"3"'
    assert headers["X-Relens-Actor"] == "Alice"


def test_a_folder_is_sent_as_one_zip_and_waited_for(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"pixels")
    (tmp_path / "annotations.json").write_text("{}")
    job = {"id": "j", "kind": "import-dataset", "state": "running", "done": 1, "total": 2}
    done = {**job, "state": "succeeded", "result": {"dataset_version": "v"}}
    peer.answers = [(202, {}, job), (200, {}, job), (200, {}, done), (200, {}, {"id": "v", "title": "parts v1"})]
    seen: list[str] = []
    with Client(peer.url) as client:
        version = client.datasets.import_folder(tmp_path, "parts", progress=lambda job: seen.append(job["state"]))
    assert version["title"] == "parts v1"
    assert seen == ["running", "succeeded"]
    with zipfile.ZipFile(io.BytesIO(peer.asked[0][3])) as archive:
        assert archive.read("images/a.jpg") == b"pixels"
        assert archive.getinfo("images/a.jpg").compress_type == zipfile.ZIP_STORED


def test_a_job_that_failed_raises_with_its_reason(peer: Peer) -> None:
    peer.answers = [
        (200, {}, {"id": "j", "title": "Import parts", "state": "failed", "error": "line 3: no such image"})
    ]
    with Client(peer.url) as client, pytest.raises(JobFailed, match="line 3: no such image"):
        client.jobs.wait("j")


def test_an_empty_folder_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="empty"), zipped(tmp_path):
        pass


def test_pixels_are_sent_without_loss() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(image_bytes(pixels))) as read:
        assert np.array_equal(np.asarray(read), pixels)


def test_a_single_text_is_not_taken_for_a_list_of_tags(peer: Peer) -> None:
    with Client(peer.url) as client, pytest.raises(Invalid, match="tags"):
        client.deployment("d").predict(b"x", tags="night")


def test_a_job_is_waited_for_while_its_server_is_started_again() -> None:
    looks = iter([{"state": "running"}, None, {"state": "succeeded"}])

    def look() -> dict[str, str]:
        seen = next(looks)
        if seen is None:
            raise NotReachable("nobody answers")
        return seen

    assert wait_until(look)["state"] == "succeeded"
    looks = iter([None])
    with pytest.raises(NotReachable):
        wait_until(look, away_s=0)
