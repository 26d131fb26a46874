"""A disk that is really full, and a database that is really gone: nothing half-written, said plainly, and better without repair."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx
import pytest

from relens.infra.database import Database, NotAnswering
from relens.infra.statements import next_number
from relens.kit.errors import DiskFails
from relens.kit.ids import content_id
from relens.sdk.answer import Answer
from relens.testing.images import make_jpeg, make_png
from relens.testing.tiny_models import classifier
from tests.postgresql import FORBID_SKIPS, _programs
from tests.server_process import Server, running

MB = 1_048_576


@contextmanager
def small_disk(place: Path, size_mb: int) -> Iterator[Path]:
    """A file system of its own with so much room; skipped where nobody may mount one."""
    place.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        sentence = "a small disk can be mounted by root only: run this test as root"
        pytest.fail(sentence) if FORBID_SKIPS else pytest.skip(sentence)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


class OwnPostgreSQL:
    """A PostgreSQL server that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        programs = _programs()
        if programs is None:
            sentence = "PostgreSQL was not found: install the Debian package 'postgresql'"
            pytest.fail(sentence) if FORBID_SKIPS else pytest.skip(sentence)
        self._folder = folder
        self._data = folder / "data"
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._programs = programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "postgres", "--no-sync")
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -c fsync=off"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-o", options, "start")

    def stop(self) -> None:
        """As when it is killed: nothing is finished, nobody is told."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def end(self) -> None:
        """Stops it if it runs."""
        with suppress(subprocess.CalledProcessError):
            self.stop()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder)


def fill(place: Path) -> Path:
    """Takes all room that is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MB, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast


def deploy(server: Server, name: str = "colours") -> None:
    sent = server.http.post("/api/v1/models/colours/versions", files={"file": ("model.onnx", classifier())})
    assert sent.status_code in (200, 201), sent.text
    made = server.http.post("/api/v1/deployments", json={"name": name, "model_version": sent.json()["id"]})
    assert made.status_code == 201, made.text
    assert predict(server, 0, name).status_code == 200


def predict(server: Server, seed: int, name: str = "colours", **fields: str) -> httpx.Response:
    image = make_jpeg((220, 20, 20), size=(160, 120), seed=seed, noise=40)
    return server.http.post(f"/api/v1/deployments/{name}/predict", content=image, params=fields)


def whole_log(server: Server) -> list[dict[str, Any]]:
    page = server.http.get("/api/v1/deployments/colours/predictions", params={"limit": 1000}).raise_for_status()
    return list(page.json()["items"])


def until(what: str, found: Any, seconds: float = 30) -> None:
    deadline, pause = monotonic() + seconds, Event()
    while not found():
        assert monotonic() < deadline, f"{what} within {seconds} s"
        pause.wait(0.1)


def counted_for(database: Path, reason: str) -> int:
    """How many images the sums in the database hold for that reason."""
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT COALESCE(SUM(images), 0) FROM image_tally WHERE reason = ?"
        return int(connection.execute(query, (reason,)).fetchone()[0])


def nothing_is_torn(server: Server, files: Path, answered: dict[str, str]) -> None:
    """Every answered line is there once with its bytes, nothing else is, and no byte lies in storage for nothing."""
    lines = whole_log(server)
    assert {line["id"] for line in lines} >= set(answered)
    assert len({line["id"] for line in lines}) == len(lines)

    def agrees() -> bool:
        here = {line["asset"] for line in lines if is_here(server, line["asset"])}
        return {path.name for path in (files / "assets").rglob("*") if path.is_file()} == here

    # On a full disk the oldest images give way, perhaps at this moment: then asking and looking see two states.
    until("rows and files agree", agrees)
    assert list((files / ".writing").iterdir()) == []


def is_here(server: Server, asset: str) -> bool:
    """Whole, or gone for want of room, which it says."""
    kept = server.http.get(f"/api/v1/assets/{asset}")
    if kept.status_code == 200:
        assert content_id(kept.content) == asset
        return True
    assert (kept.status_code, kept.json()["reason"]) == (410, "to leave room on the disk"), kept.text
    return False


@pytest.mark.parametrize("which", ["images", "database"])
def test_a_full_disk_refuses_with_507_and_recovers_when_space_returns(tmp_path: Path, which: str) -> None:
    home = tmp_path / "home"
    full = home / "files" if which == "images" else tmp_path / "rows"
    with small_disk(full, 24):
        environment = {} if which == "images" else {"RELENS_DATABASE": f"sqlite:///{full / 'relens.db'}"}
        with running(home, **environment) as server:
            deploy(server)
            answered = {line["id"]: line["asset"] for line in whole_log(server)}
            ballast = fill(full)
            refused = []
            for seed in range(1, 60):
                answer = predict(server, seed, client_id=f"c-{seed}")
                if answer.status_code == 200:
                    answered[answer.json()["id"]] = answer.json()["image"]["asset"]
                else:
                    refused.append(answer)
            assert refused
            assert {answer.status_code for answer in refused} == {507}
            assert "nothing was written" in refused[0].json()["detail"]
            ready = server.http.get("/readyz")
            assert ready.status_code == 503
            assert "cannot be written" in ready.json()["detail"]
            nothing_is_torn(server, home / "files", answered)
            ballast.unlink()
            until("ready again", lambda: server.http.get("/readyz").status_code == 200)
            for seed in range(1, 60):
                again = predict(server, seed, client_id=f"c-{seed}")
                assert again.status_code == 200, again.text
                answered[again.json()["id"]] = again.json()["image"]["asset"]
            assert len(answered) == 60
            nothing_is_torn(server, home / "files", answered)


@pytest.mark.parametrize("which", ["images", "database"])
def test_where_it_was_chosen_a_full_disk_answers_unlogged_and_counts_it(tmp_path: Path, which: str) -> None:
    home = tmp_path / "home"
    full = home / "files" if which == "images" else tmp_path / "rows"
    with small_disk(full, 24):
        environment = {} if which == "images" else {"RELENS_DATABASE": f"sqlite:///{full / 'relens.db'}"}
        with running(home, **environment) as server:
            deploy(server)
            server.http.put(
                "/api/v1/deployments/colours/images", json={"when_full": "answer unlogged"}
            ).raise_for_status()
            pause = Event()
            pause.wait(0.4)
            ballast = fill(full)
            answers = [predict(server, seed) for seed in range(1, 40)]
            assert {answer.status_code for answer in answers} == {200}
            unlogged = [answer for answer in answers if answer.headers.get("Relens-Logged") == "false"]
            assert unlogged
            assert all(answer.json()["logged"] is False and answer.json()["id"] is None for answer in unlogged)
            assert unlogged[0].json()["detections"][0]["label"] == "red"
            assert Answer.from_json(unlogged[0].json()).unlogged
            assert "nothing is logged" in server.http.get("/readyz").json()["status"]
            counted = f'relens_unlogged_total{{deployment="colours",reason="no room"}} {len(unlogged)}.0'
            assert counted in server.http.get("/metrics").text
            storage = server.http.get("/api/v1/deployments/colours/storage").json()
            assert storage["unlogged"] == len(unlogged)
            ballast.unlink()
            until("logged again", lambda: predict(server, 99).json()["logged"])
            rows = full / "relens.db" if which == "database" else home / "relens.db"
            until("the count is written down", lambda: counted_for(rows, "unlogged") >= len(unlogged))
            server.kill()
            server.start()
            assert server.http.get("/api/v1/deployments/colours/storage").json()["unlogged"] >= len(unlogged)


def test_a_database_that_goes_away_is_503_until_it_is_back(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="relens-gone-", ignore_cleanup_errors=True) as place:
        postgresql = OwnPostgreSQL(Path(place))
        postgresql.start()
        try:
            with running(tmp_path / "home", RELENS_DATABASE=postgresql.url) as server:
                deploy(server)
                deploy(server, "unlogged")
                server.http.put(
                    "/api/v1/deployments/unlogged/images", json={"when_full": "answer unlogged"}
                ).raise_for_status()
                assert predict(server, 1, client_id="c-1").status_code == 200
                # A policy is looked up at most every quarter of a second; the one known last counts while the database is away.
                Event().wait(0.4)
                assert predict(server, 1, "unlogged").status_code == 200
                postgresql.stop()
                refused = [predict(server, seed, client_id=f"c-{seed}") for seed in range(2, 12)]
                assert {answer.status_code for answer in refused} == {503}
                assert "Retry-After" in refused[0].headers
                assert predict(server, 50, "unlogged").headers["Relens-Logged"] == "false"
                assert server.http.get("/readyz").status_code == 503
                assert server.http.get("/healthz").status_code == 200
                postgresql.start()
                until("ready again", lambda: server.http.get("/readyz").status_code == 200)
                for seed in range(1, 12):
                    assert predict(server, seed, client_id=f"c-{seed}").status_code == 200
                lines = whole_log(server)
                assert sorted(line["client_id"] or "" for line in lines) == sorted(
                    ["", *(f"c-{n}" for n in range(1, 12))]
                )
                for line in lines:
                    kept = server.http.get(f"/api/v1/assets/{line['asset']}")
                    assert content_id(kept.content) == line["asset"]
        finally:
            postgresql.end()


def test_a_full_disk_for_what_is_put_down_refuses_models_and_batches_and_answers_images(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home / "work", 8) as full, running(home) as server:
        deploy(server)
        (full / "batches").mkdir()
        fill(full)
        noisy = make_png((220, 20, 20), size=(1200, 1000), noise=40)
        assert len(noisy) > MB, "more than a form keeps in memory by itself"
        answer = server.http.post("/api/v1/deployments/colours/predict", files={"image": ("a.png", noisy)})
        assert answer.status_code == 200, answer.text
        for address in ("models/big/versions", "deployments/colours/batches", "datasets/d/import"):
            refused = server.http.post(f"/api/v1/{address}", files={"file": ("a", bytes(3 * MB))})
            assert (refused.status_code, "nothing was written" in refused.text) == (507, True), refused.text
            if address != "models/big/versions":
                refused = server.http.post(f"/api/v1/{address}", content=bytes(3 * MB))
                assert refused.status_code == 507, refused.text
        assert "Traceback" not in server.log.read_text(errors="replace")


def test_a_disk_that_became_read_only_is_said_plainly_or_answered_unlogged(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home / "files", 24) as disk, running(home) as server:
        deploy(server)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        refused = predict(server, 1)
        assert refused.status_code == 507
        assert "it is read-only" in refused.json()["detail"]
        assert "read-only" in server.http.get("/readyz").json()["detail"]
        kept = {"when_full": "answer unlogged"}
        server.http.put("/api/v1/deployments/colours/images", json=kept).raise_for_status()
        until("answered unlogged", lambda: predict(server, 2).headers.get("Relens-Logged") == "false")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        until("logged again", lambda: predict(server, 3).json()["logged"])


def test_a_database_that_can_only_be_read_says_so(tmp_path: Path) -> None:
    there = Database(f"sqlite:///{tmp_path / 'relens.db'}")
    there.create_tables()
    there.close()
    only_read = Database(f"sqlite:///file:{tmp_path / 'relens.db'}?mode=ro&uri=true")
    with pytest.raises(DiskFails, match="read-only"):
        only_read.write(lambda connection: next_number(connection, "a"))
    only_read.close()


def test_a_database_whose_file_cannot_be_opened_does_not_answer(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'no such folder' / 'relens.db'}")
    with pytest.raises(NotAnswering):
        nowhere.write(lambda connection: next_number(connection, "a"))
    nowhere.close()
