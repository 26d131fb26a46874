"""Many images as one job, and a look at a version without a deployment: through HTTP, against a real server process."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from relens.kit.ids import content_id
from relens.testing.images import DARK, GREEN, RED, make_jpeg, make_pixels
from relens.testing.tiny_models import classifier, detector
from tests.server_process import Server, running

BATCHES = "/api/v1/deployments/blobs/batches"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        deploy(started)
        yield started


def deploy(server: Server) -> None:
    sent = server.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).json()
    asked = {"name": "blobs", "model_version": sent["id"], "threshold": 0.3}
    assert server.http.post("/api/v1/deployments", json=asked).status_code == 201
    assert server.http.post("/api/v1/deployments/blobs/predict", content=image(0)).status_code == 200


def image(seed: int) -> bytes:
    return make_jpeg(DARK, (96, 72), seed=seed, blobs=[((20, 20, 60, 50), RED)])


def zipped(files: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return file.getvalue()


def film(path: Path, frames: int) -> bytes:
    """A video whose blob turns from red to green half-way."""
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (96, 72))
    for number in range(frames):
        colour = RED if number < frames // 2 else GREEN
        writer.write(make_pixels(DARK, (96, 72), blobs=[((20, 20, 60, 50), colour)])[:, :, ::-1].copy())
    writer.release()
    return path.read_bytes()


def lines(server: Server, job_id: str) -> list[dict[str, Any]]:
    answer = server.http.get(f"/api/v1/batches/{job_id}/results").raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def logged(server: Server, source: str) -> list[dict[str, Any]]:
    found = server.http.get("/api/v1/deployments/blobs/predictions", params={"source": source, "limit": 1000})
    items: list[dict[str, Any]] = found.raise_for_status().json()["items"]
    return items


def test_a_zip_is_answered_in_the_order_of_its_names_and_what_cannot_be_is_told(server: Server) -> None:
    files = {"b/2.jpg": image(2), "a/1.jpg": image(1), "notes.txt": b"hello", "__MACOSX/._1.jpg": b"clutter"}
    sent = server.http.post(BATCHES, content=zipped(files), params={"source": "zip-1", "tags": "night,left"})
    assert sent.status_code == 202, sent.text
    job = server.job(sent.json()["id"])
    assert (job["state"], job["error"]) == ("succeeded", None)
    assert job["result"]["images"] == 3
    assert (job["result"]["answered"], job["result"]["problems"]) == (2, 1)
    said = lines(server, job["id"])
    assert [line["name"] for line in said] == ["a/1.jpg", "b/2.jpg", "notes.txt"]
    assert said[0]["asset"] == content_id(files["a/1.jpg"])
    assert said[0]["detections"][0]["label"] == "red"
    assert "not an image" in said[2]["problem"]
    assert server.http.get(job["result"]["results"]).status_code == 200
    answered = [line for line in logged(server, "zip-1") if line["detections"]]
    assert {line["id"] for line in answered} == {line["id"] for line in said if "id" in line}
    assert {line["metadata"]["name"] for line in answered} == {"a/1.jpg", "b/2.jpg"}
    assert {tuple(line["tags"]) for line in answered} == {("night", "left")}


def test_a_batch_may_be_answered_without_logging_and_come_as_a_form(server: Server) -> None:
    form = {"source": "zip-2", "log": "false"}
    sent = server.http.post(BATCHES, data=form, files={"file": ("many.zip", zipped({"1.jpg": image(11)}))})
    assert sent.status_code == 202, sent.text
    job = server.job(sent.json()["id"])
    assert job["result"]["answered"] == 1
    assert lines(server, job["id"])[0]["detections"][0]["label"] == "red"
    assert logged(server, "zip-2") == []


def test_every_so_many_frames_of_a_video_are_answered_with_their_time(server: Server, tmp_path: Path) -> None:
    fields = {"stride": "5", "source": "film", "taken_at": "2026-05-06T07:00:00Z"}
    sent = server.http.post(BATCHES, content=film(tmp_path / "film.avi", 20), params=fields)
    assert sent.status_code == 202, sent.text
    job = server.job(sent.json()["id"])
    assert job["state"] == "succeeded", job
    said = lines(server, job["id"])
    assert [line["name"] for line in said] == ["frame 0", "frame 5", "frame 10", "frame 15"]
    assert [line["detections"][0]["label"] for line in said] == ["red", "red", "green", "green"]
    assert [line["at_s"] for line in said] == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.11)
    assert max(line["taken_at"] for line in logged(server, "film")) > "2026-05-06T07:00:01.3"


def test_pictures_without_a_time_of_their_own_were_taken_in_their_order(server: Server) -> None:
    """The first takes longest and is answered last."""
    slow = make_jpeg(DARK, (5000, 4000), seed=7)
    files = {"0.jpg": slow, **{f"{number}.jpg": image(60 + number) for number in range(1, 5)}}
    sent = server.http.post(BATCHES, content=zipped(files), params={"source": "in-order"})
    assert server.job(sent.json()["id"])["result"]["answered"] == 5
    by_time = sorted(logged(server, "in-order"), key=lambda line: line["taken_at"])
    assert [line["metadata"]["name"] for line in by_time] == sorted(files)


def test_a_batch_goes_on_after_a_crash_and_logs_nothing_twice(tmp_path: Path) -> None:
    files = {f"{number:04d}.jpg": image(number % 50) for number in range(250)}
    with running(tmp_path / "home") as server:
        deploy(server)
        job_id = server.http.post(BATCHES, content=zipped(files), params={"source": "many"}).json()["id"]
        deadline, pause = monotonic() + 60, Event()
        while not 100 <= len(lines(server, job_id)) < 250 and monotonic() < deadline:
            pause.wait(0.02)
        server.kill()
        server.start()
        job = server.job(job_id)
        assert job["state"] == "succeeded", job
        assert job["result"]["answered"] == 250
        said = lines(server, job_id)
        assert [line["number"] for line in said] == list(range(250))
        ids = [line["id"] for line in logged(server, "many")]
        assert len(ids) == len(set(ids)) == 250
        assert set(ids) == {line["id"] for line in said}
        assert not list((tmp_path / "home" / "work" / "batches").glob("*"))


def test_a_batch_can_be_cancelled_and_keeps_what_it_answered(server: Server) -> None:
    files = {f"{number}.jpg": image(number % 50) for number in range(3000)}
    job_id = server.http.post(BATCHES, content=zipped(files), params={"log": "false"}).json()["id"]
    assert server.http.post(f"/api/v1/jobs/{job_id}/cancel").status_code == 200
    assert server.job(job_id)["state"] == "cancelled"
    assert len(lines(server, job_id)) < 3000
    assert not list((server.home / "work" / "batches").glob("*"))


PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/inside.ts\n"
REFUSED: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "empty": (b"", {}, 422, "empty"),
    "text": (b"hello", {}, 422, "zip of images"),
    "a playlist": (PLAYLIST, {}, 422, "zip of images"),
    "a stride of nothing": (zipped({"1.jpg": b""}), {"stride": "0"}, 422, "stride"),
    "a stride in words": (zipped({"1.jpg": b""}), {"stride": "often"}, 422, "stride"),
    "maybe": (zipped({"1.jpg": b""}), {"log": "maybe"}, 422, "log is true or false"),
    "NUL": (zipped({"1.jpg": b""}), {"source": "a\0b"}, 422, "NUL"),
    "no time": (zipped({"1.jpg": b""}), {"taken_at": "soon"}, 422, "not a time"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_a_batch_is_refused_and_leaves_nothing(server: Server, what: str) -> None:
    data, fields, status, words = REFUSED[what]
    answer = server.http.post(BATCHES, content=data, params=fields)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert not list((server.home / "work" / "batches").glob("*"))


BROKEN: dict[str, tuple[bytes, str]] = {
    "a zip cut short": (zipped({f"{n}.jpg": image(n) for n in range(9)})[:-40], "zip"),
    "a zip of nothing": (zipped({}), "no picture"),
    "a video of noise": (b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40, "video"),
    "a playlist in a video's clothes": (b"\0\0\0\x18ftypmp42" + PLAYLIST * 20, "video"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_batch_fails_with_a_sentence(server: Server, what: str) -> None:
    data, words = BROKEN[what]
    job = server.job(server.http.post(BATCHES, content=data).json()["id"])
    assert job["state"] == "failed"
    assert words in job["error"]
    assert server.http.get("/readyz").status_code == 200


def test_a_file_that_is_damaged_or_too_large_inside_a_zip_is_one_line(server: Server) -> None:
    whole = bytearray(zipped({"1.jpg": image(1), "2.jpg": image(2)}))
    at = bytes(whole).index(image(1))
    whole[at + 200 : at + 210] = b"\0" * 10
    job = server.job(server.http.post(BATCHES, content=bytes(whole)).json()["id"])
    assert (job["result"]["answered"], job["result"]["problems"]) == (1, 1)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb.jpg", b"\0" * (70 << 20))
    job = server.job(server.http.post(BATCHES, content=file.getvalue()).json()["id"])
    assert "more than" in lines(server, job["id"])[0]["problem"]


def test_there_is_no_batch_for_a_deployment_or_job_that_is_not_one(server: Server) -> None:
    assert server.http.post("/api/v1/deployments/nobody/batches", content=zipped({})).status_code == 404
    assert server.http.get("/api/v1/batches/nothing/results").status_code == 404


def test_a_version_without_a_deployment_can_be_tried_and_nothing_is_logged(server: Server) -> None:
    made = server.http.post("/api/v1/models/colours/versions", files={"file": ("m.onnx", classifier())})
    assert made.status_code in (200, 201)
    data = make_jpeg((20, 20, 220), seed=77)
    for address in ("1", "latest"):
        answer = server.http.post(f"/api/v1/models/colours/versions/{address}/try", content=data)
        assert answer.status_code == 200, answer.text
        assert answer.json()["detections"][0]["label"] == "blue"
        assert answer.json()["model_version"]["title"] == "colours v1"
    everything = server.http.post("/api/v1/models/colours/versions/1/try", content=data, params={"threshold": 0}).json()
    assert len(everything["detections"]) >= 1
    assert server.http.get(f"/api/v1/assets/{content_id(data)}").status_code == 404
    assert server.http.post("/api/v1/models/colours/versions/9/try", content=data).status_code == 404
    assert server.http.post("/api/v1/models/colours/versions/1/try", content=b"text").status_code == 422
