"""What an edge makes of a server that does not answer as one, and of a disk that keeps nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relens.edge.cache import Cache, Wanted
from relens.edge.champion import Champion
from relens.edge.follow import Follow
from relens.edge.inputs.folder import Folder
from relens.sdk.client import Client
from relens.testing.images import make_jpeg


class _Portal(BaseHTTPRequestHandler):
    """What stands between a machine and the network until somebody logs in."""

    body: bytes = b"<html>Welcome to the guest network</html>"
    kind = "text/html"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(body: bytes, kind: str) -> Iterator[str]:
    portal = type("Portal", (_Portal,), {"body": body, "kind": kind})
    server = ThreadingHTTPServer(("127.0.0.1", 0), portal)
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        running.join()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html>guest network</html>", "text/html"), (b"[]", "application/json"), (b'{"ok": true}', "application/json")],
)
def test_what_is_no_relens_server_leaves_everything_as_it_is(body: bytes, kind: str, tmp_path: Path) -> None:
    champion = Champion()
    with answering(body, kind) as url, Client(url, spool=tmp_path / "spool.db", retries=0) as client:
        follow = Follow(client, "belt", Cache(tmp_path / "edge"), champion, 1)
        follow.step()
    assert not follow.online
    assert "what was loaded goes on answering" in follow.message
    assert champion.wanted is None


def test_a_follower_goes_on_looking_whatever_happens(tmp_path: Path) -> None:
    looked: list[int] = []

    class Shaken(Follow):
        def step(self) -> None:
            looked.append(len(looked))
            raise MemoryError("for a moment")

    with Client("http://127.0.0.1:9", spool=tmp_path / "spool.db", retries=0) as client:
        follow = Shaken(client, "belt", Cache(tmp_path / "edge"), Champion(), 1)
        follow.start(0.01)
        for _ in range(2_000):
            if len(looked) > 1:
                break
            threading.Event().wait(0.01)
        follow.stop()
    assert len(looked) > 1


def test_an_image_that_cannot_be_written_down_as_given_is_given_out_once_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(make_jpeg((200, 0, 0)))
    folder = Folder(tmp_path / "in", "line-1", tmp_path / "seen.db")
    folder._seen.execute(
        "PRAGMA query_only = ON"
    )  # what SQLite says then is what it says of a full disk: OperationalError
    given = list(folder.frames(threading.Event(), once=True))
    assert len(given) == 1
    assert list(folder.frames(threading.Event(), once=True)) == []
    folder.close()


def test_a_version_answers_also_where_it_cannot_be_kept_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Wanted) -> None:
        raise OSError(28, "No space left on device")

    cache = Cache(tmp_path / "edge")
    monkeypatch.setattr(cache, "remember", full)
    with Client("http://127.0.0.1:9", spool=tmp_path / "spool.db", retries=0) as client:
        follow = Follow(client, "belt", cache, Champion(), 1)
        follow._remember(Wanted("belt", 0.5, 1, "id", "colours v1", "a" * 64))
    assert "cannot be kept for the next start" in follow.message
