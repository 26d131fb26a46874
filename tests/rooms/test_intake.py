"""What stands before the rooms: nothing of a stranger is read, and nobody's body is read without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from relens.bootstrap.routers import ROUTERS
from relens.bootstrap.wire import Relens
from relens.infra.settings import Settings
from relens.server.held import Held, TooMuchAtOnce
from relens.server.intake import LARGER, MOST

MB = 1 << 20
TOKEN = "a-secret-of-twenty-one"
FORM = "multipart/form-data; boundary=x"
HEAD = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n'


class Sender:
    """Sends an endless body in pieces of a mebibyte, without saying how long it is, and counts what was taken."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.taken = 0

    def status(self, method: str, path: str, kind: str, token: str = TOKEN, field: bytes = b"image") -> int:
        """The status it is answered with. A server that reads on after 200 pieces is cut off, as status 0."""
        self.taken, said = 0, list[int]()
        headers = [(b"host", b"localhost"), (b"content-type", kind.encode())]
        headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            first = HEAD % field if not self.taken and kind == FORM else b""
            self.taken += 1
            if self.taken > 200:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": first + b"\xff" * MB, "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said.append(message["status"])

        asyncio.run(self._app(scope, receive, send))
        return 0 if self.taken > 200 else said[0]


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    relens = Relens(Settings(home=tmp_path_factory.mktemp("intake"), token=TOKEN, max_image_bytes=2 * MB))
    yield Sender(relens.app)
    relens.stop()


def test_every_address_that_may_take_more_is_one_there_is() -> None:
    there = {route.path for router in ROUTERS for route in router.routes if "POST" in route.methods}  # type: ignore[attr-defined]
    assert set(LARGER) <= there


@pytest.mark.parametrize(
    "path", [address.format_map(dict.fromkeys(("deployment", "model", "version", "name"), "x")) for address in LARGER]
)
def test_of_a_stranger_nothing_is_read(sender: Sender, path: str) -> None:
    for kind in (FORM, "application/json"):
        assert sender.status("POST", path, kind, token="") == 401
        assert sender.status("POST", path, kind, token="a-wrong-secret-of-22") == 401
        assert sender.taken == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v1/deployments/predict"),
        ("PUT", "/api/v1/deployments/predict/feedback-loop"),
        ("POST", "/api/v1/predictions/predict/replay"),
        ("POST", "/api/v1/no/such/import"),
        ("POST", "/api/v1/deployments/a/predict/"),
    ],
)
def test_the_last_word_of_an_address_opens_no_door(sender: Sender, method: str, path: str) -> None:
    for kind in (FORM, "application/json"):
        assert sender.status(method, path, kind) == 413
        assert sender.taken <= MOST // MB + 1


@pytest.mark.parametrize(
    ("path", "field", "most"),
    [
        ("/api/v1/deployments/a/predict", b"image", 2),
        ("/api/v1/deployments/a/try", b"image", 2),
        ("/api/v1/models/a/versions/1/try", b"image", 2),
        ("/api/v1/deployments/a/predictions", b"predictions", 8),
        ("/api/v1/deployments/a/predictions", b"0.jpg", 8),
    ],
)
def test_a_form_without_a_length_is_counted_as_it_comes(sender: Sender, path: str, field: bytes, most: int) -> None:
    assert sender.status("POST", path, FORM, field=field) == 413
    assert sender.taken <= most + 2


def test_all_bodies_together_are_bounded_and_a_single_one_always_has_room() -> None:
    held = Held(100)
    with held.share() as first:
        held.take(first, 150)
        with held.share() as second, pytest.raises(TooMuchAtOnce):
            held.take(second, 1)
    with held.share() as first, held.share() as second:
        held.take(first, 60)
        held.take(second, 40)
        with pytest.raises(TooMuchAtOnce):
            held.take(first, 1)
        with pytest.raises(TooMuchAtOnce):
            held.take(second, 1)
    with held.share() as last:
        held.take(last, 1000)


def test_who_sends_too_much_at_once_is_told_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.server.intake.Held", lambda: Held(3 * MB))
    relens = Relens(Settings(home=tmp_path, max_image_bytes=4 * MB))
    transport = httpx.ASGITransport(relens.app)

    async def ask() -> list[httpx.Response]:
        reading, others_read = asyncio.Event(), asyncio.Event()

        async def slow(first: bool) -> AsyncIterator[bytes]:
            for piece in range(3):
                yield bytes(MB)
                if first and piece == 1:
                    reading.set()
                    await others_read.wait()

        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            # The transport's receive asks for the next piece only when the server does.
            asked = asyncio.create_task(client.post("/api/v1/deployments/none/predict", content=slow(True)))
            await reading.wait()
            second = await client.post("/api/v1/deployments/none/predictions", content=slow(False))
            others_read.set()
            return [await asked, second]

    first, second = asyncio.run(ask())
    assert (second.status_code, "retry-after" in second.headers) == (503, True), second.text
    assert first.status_code == 404, "its body was read to the end"
    relens.stop()
