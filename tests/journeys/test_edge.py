"""A deployment's champion on a machine of one's own: files, videos, streams and requests in; answers out; everything in the log once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from relens.edge.run import Options, run
from relens.kit.ids import content_id
from relens.sdk.client import Client
from relens.testing.images import make_jpeg, make_pixels
from relens.testing.tiny_models import classifier
from tests.server_process import Server

RED, GREEN = (220, 30, 30), (30, 200, 40)
TRACE, OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("home") / "relens")
    started.start()
    yield started
    started.stop()


def deploy(server: Server, name: str, target: str = "external") -> str:
    """A classifier by mean colour that answers on one's own machines."""
    register(server, classifier())
    order = {"name": name, "model_version": "colours/1", "threshold": 0.2, "target": target}
    server.http.post("/api/v1/deployments", json=order).raise_for_status()
    return name


def register(server: Server, onnx: bytes) -> str:
    sent = server.http.post("/api/v1/models/colours/versions", files={"file": ("m.onnx", onnx)}).raise_for_status()
    return str(sent.json()["id"])


def lines(server: Server, deployment: str) -> list[dict[str, Any]]:
    asked = {"limit": 200, "sort": "taken_at"}
    page = server.http.get(f"/api/v1/deployments/{deployment}/predictions", params=asked).raise_for_status().json()
    found: list[dict[str, Any]] = page["items"]
    return found


def until(holds: Any, seconds: float = 40) -> Any:
    deadline, pause = monotonic() + seconds, threading.Event()
    while not (found := holds()):
        assert monotonic() < deadline, "it never came true"
        pause.wait(0.05)
    return found


@contextmanager
def edge(server: Server, deployment: str, home: Path, **options: Any) -> Iterator[str]:
    """A running edge with an HTTP door; its address."""
    stopping = threading.Event()
    port = options.pop("port", None) or _free_port()
    chosen = Options(deployment, home, server.url, http=port, threads=1, poll_s=0.1, **options)
    running = threading.Thread(target=run, args=(chosen, stopping))
    running.start()
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _status(address))
        yield address
    finally:
        stopping.set()
        running.join(60)


def _status(address: str) -> dict[str, Any] | None:
    try:
        said: dict[str, Any] = httpx.get(f"{address}/healthz", timeout=5).json()
        return said
    except httpx.TransportError:
        return None


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_folder_is_answered_like_the_server_answers_and_logged_once(server: Server, tmp_path: Path) -> None:
    name, folder = deploy(server, "folder", "server"), tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    red, green = make_jpeg(RED), make_jpeg(GREEN, seed=2)
    (folder / "red.jpg").write_bytes(red)
    (folder / "deep" / "green.jpg").write_bytes(green)
    (folder / "broken.jpg").write_bytes(green[:300])
    options = Options(name, tmp_path / "edge", server.url, source="line-3", folder=folder, once=True, threads=1)
    assert run(options, threading.Event()) == {"answered": 2, "failed": 1, "sent": 3, "waiting": 0}
    there = {line["error"] or line["detections"][0]["label"]: line for line in lines(server, name)}
    assert set(there) == {"red", "green", "TruncatedImage"}
    line = there["red"]
    assert (line["source"], line["origin"], line["asset"]) == ("line-3", "external", content_id(red))
    assert (line["threshold"], line["model_version"]["title"]) == (0.2, "colours v1")
    assert line["latency_ms"] > 0
    assert server.http.get(f"/api/v1/assets/{line['asset']}").content == red
    served = server.http.post(f"/api/v1/deployments/{name}/try", content=red).raise_for_status().json()
    said = [d for d in line["detections"] if d["answered"]]
    assert [{name: one[name] for name in served["detections"][0]} for one in said] == served["detections"]
    assert run(options, threading.Event())["answered"] == 0, "a file is answered once"
    (folder / "red.jpg").write_bytes(make_jpeg(RED, seed=9))
    assert run(options, threading.Event())["answered"] == 1, "unless it is another one under the same name"
    drift = server.http.get(f"/api/v1/deployments/{name}/gaps").json()
    assert sum(drift["counts"].values()) == 0


def test_requests_are_answered_as_by_the_server_and_new_champions_are_taken(server: Server, tmp_path: Path) -> None:
    name = deploy(server, "door")
    with edge(server, name, tmp_path / "edge") as address:
        until(lambda: httpx.get(f"{address}/readyz").status_code == 200)
        with Client(address, spool=tmp_path / "unused.db") as client:
            answer = client.deployment(name).predict(make_jpeg(RED), source="line-9", tags=["night"], client_id="x-1")
        assert (answer.label, answer.model_version, answer.client_id) == ("red", "colours v1", "x-1")
        form = httpx.post(
            f"{address}/predict", files={"image": ("a.jpg", make_jpeg(GREEN))}, data={"tags": "a,b"}
        ).json()
        assert form["detections"][0]["label"] == "green"
        swapped = register(server, classifier(order=(1, 0, 2), note="swapped"))
        server.http.post(f"/api/v1/deployments/{name}/roles", json={"role": "champion", "model_version": swapped})
        until(lambda: _status(address)["model_version"] == "colours v2")  # type: ignore[index]
        traced = httpx.post(
            f"{address}/predict", content=make_jpeg(RED), headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        )
        assert traced.json()["detections"][0]["label"] == "green"
        assert traced.headers["traceresponse"].startswith(f"00-{TRACE}-")
        odd = httpx.post(f"{address}/predict", content=make_jpeg(RED), headers={"traceparent": "00-1-2-3"})
        assert (odd.status_code, "traceresponse" in odd.headers) == (200, False)
        server.http.patch(f"/api/v1/deployments/{name}", json={"threshold": 0.9999999}).raise_for_status()
        until(lambda: httpx.post(f"{address}/predict", content=make_jpeg(RED)).json()["detections"] == [])
        said = []
        for asked, status, word in (
            (
                {"content": b"no image", "headers": {"traceparent": f"00-{OTHER_TRACE}-00f067aa0ba902b7-01"}},
                422,
                "image",
            ),
            ({"content": make_jpeg(RED), "params": {"metadata": "[1]"}}, 422, "metadata"),
            ({"content": make_jpeg(RED), "params": {"taken_at": "soon"}}, 422, "not a time"),
            ({"content": make_jpeg(RED), "params": {"client_id": "x" * 201}}, 422, "client_id"),
            ({"content": make_jpeg(RED), "params": {"metadata": '{"a":' * 500 + "1" + "}" * 500}}, 422, "nested"),
            ({"data": {"a": "b"}, "files": {"other": b"x"}}, 422, "'image'"),
        ):
            refused = httpx.post(f"{address}/predict", **asked)  # type: ignore[arg-type]
            assert (refused.status_code, word in refused.json()["detail"]) == (status, True)
            said.append(refused.json())
        there = server.http.post(
            f"/api/v1/deployments/{deploy(server, 'same', 'server')}/try", content=b"no image"
        ).json()
        assert said[0] == there, "who is refused here reads what the server would say"
        assert httpx.post(f"{address}/api/v1/deployments/other/predict", content=b"x").status_code == 404
    first = next(line for line in lines(server, name) if line["client_id"] == "x-1")
    assert (first["source"], first["tags"]) == ("line-9", ["night"])
    assert [line["error"] for line in lines(server, name) if line["error"]] == ["NotAnImage"]
    by_trace = {line["trace"]: line["error"] for line in lines(server, name) if line["trace"]}
    assert by_trace == {TRACE: None, OTHER_TRACE: "NotAnImage"}, (
        "what was answered and what could not be, and nothing else"
    )


def test_without_the_server_it_starts_answers_and_sends_later(tmp_path: Path) -> None:
    server, home = Server(tmp_path / "home"), tmp_path / "edge"
    server.start()
    try:
        name = deploy(server, "belt")
        with edge(server, name, home) as address:
            until(lambda: httpx.get(f"{address}/readyz").status_code == 200)
        server.kill()
        with edge(server, name, home, images=False) as address:
            assert _status(address)["ready"], "what was kept answers at once"  # type: ignore[index]
            for seed in range(5):
                answer = httpx.post(f"{address}/predict", content=make_jpeg(RED, seed=seed)).json()
                assert answer["detections"][0]["label"] == "red"
            assert not _status(address)["online"]  # type: ignore[index]
        server.start()
        with edge(server, name, home, images=False) as address:
            until(lambda: len(lines(server, name)) == 5)
        assert {line["model_version"]["title"] for line in lines(server, name)} == {"colours v1"}
        assert sum(server.http.get(f"/api/v1/deployments/{name}/gaps").json()["counts"].values()) == 0
    finally:
        server.stop()


def test_a_version_that_cannot_be_loaded_here_leaves_the_old_one_answering_and_the_server_knows(
    server: Server, tmp_path: Path
) -> None:
    name, home = deploy(server, "stubborn"), tmp_path / "edge"
    with edge(server, name, home) as address:
        until(lambda: httpx.get(f"{address}/readyz").status_code == 200)
        other = register(server, classifier(order=(2, 1, 0), note="damaged on the way"))
        artifact = server.http.get(f"/api/v1/model-versions/{other}").json()["artifact"]
        kept = server.home / "files" / "artifacts"
        (file,) = [path for path in kept.rglob("*") if path.name == artifact]
        whole = file.read_bytes()
        file.write_bytes(whole[:-100])
        server.http.post(f"/api/v1/deployments/{name}/roles", json={"role": "champion", "model_version": other})

        def told() -> bool:
            writers = server.http.get(f"/api/v1/deployments/{name}/writers").json()["items"]
            return any(one["state"] == "failed" and "goes on answering" in one["message"] for one in writers)

        until(told)
        assert httpx.post(f"{address}/predict", content=make_jpeg(RED)).json()["detections"][0]["label"] == "red"
        file.write_bytes(whole)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twelve frames, red and green in turns of three."""
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "belt.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for number in range(12):
        writer.write(make_pixels(GREEN if number % 6 >= 3 else RED, seed=number)[:, :, ::-1].copy())
    writer.release()
    return path


def test_every_so_manieth_frame_of_a_video_is_answered_once(server: Server, tmp_path: Path, video: Path) -> None:
    name = deploy(server, "video")
    options = Options(name, tmp_path / "edge", server.url, stream=str(video), stride=3, once=True, threads=1)
    for _ in range(2):
        run(options, threading.Event())
    there = lines(server, name)
    assert [line["detections"][0]["label"] for line in there] == ["red", "green", "red", "green"]
    assert len({line["taken_at"] for line in there}) == 4


def test_a_live_stream_is_answered_and_opened_again_when_it_breaks(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    name, stopping = deploy(server, "stream"), threading.Event()
    with _mjpeg() as address:
        options = Options(name, tmp_path / "edge", server.url, stream=address, images=False, threads=1)
        running = threading.Thread(target=run, args=(options, stopping))
        running.start()
        try:
            until(lambda: {line["detections"][0]["label"] for line in lines(server, name)} == {"red", "green"})
        finally:
            stopping.set()
            running.join(60)


@contextmanager
def _mjpeg() -> Iterator[str]:
    """A camera that shows red at its first connection, breaks, and shows green at the next ones."""
    connections = []
    over = threading.Event()

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connections.append(self.path)
            picture = make_jpeg(RED if len(connections) == 1 else GREEN, size=(320, 240))
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
            try:
                for _ in range(60):
                    self.wfile.write(head + picture + b"\r\n")
                    if over.wait(0.03):
                        return
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            pass

    camera = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    camera.daemon_threads = True
    thread = threading.Thread(target=camera.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{camera.server_address[1]}/belt.mjpg"
    finally:
        over.set()
        camera.shutdown()
        thread.join()
        camera.server_close()
