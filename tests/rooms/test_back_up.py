"""A back-up that is made while the server works is whole, and a server that starts on it goes on from there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from relens.infra.back_up import BackUps, made
from relens.infra.back_up.bring import bring
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.job import Stopping
from relens.infra.migrations import bring_up_to_date
from relens.infra.settings import Settings
from relens.infra.storage.folder import Folder
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import detector
from tests.server_process import Server, running


class House:
    """The parts of a server that a back-up needs."""

    def __init__(self, home: Path) -> None:
        home.mkdir(exist_ok=True)
        self.settings = Settings(home, back_up_to=home.parent / "kept")
        self.database = Database(self.settings.database_url)
        bring_up_to_date(self.database.engine)
        self.storage = Folder(home / "files")
        self.jobs = Jobs(self.database)
        self.back_ups = BackUps(self.database, self.storage, self.settings)

    def begin(self) -> Run:
        job = self.database.write(lambda connection: self.back_ups.start(connection, self.jobs, "alice"))
        return Run(self.jobs.get(job).payload)


class Run:
    """A job's run without a thread: `at_look` is called wherever the work may be stopped."""

    id = "the job"

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = payload
        self.finished: dict[str, Any] = {}
        self.at_look = lambda: None
        self.shown: list[tuple[int, int | None, str]] = []

    def step(self, name: str, work: Any) -> Any:
        if name not in self.finished:
            self.finished[name] = work()
        return self.finished[name]

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self.shown.append((done, total, message))

    def check(self) -> None:
        self.at_look()


def test_what_is_deleted_while_a_copy_is_made_is_gone_for_all_others_and_comes_with_the_copy(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("a/one", b"1")
    folder.put("a/two", b"2")
    folder.hold()
    folder.delete("a/one")
    folder.delete("a/none")
    assert not folder.exists("a/one")
    assert list(folder.keys()) == ["a/two"]
    folder.put("a/one", b"1 again")
    assert sorted(folder.keys()) == ["a/one", "a/two"]
    held = [(key, path.read_bytes()) for key, path in folder.everything()]
    assert sorted(held) == [("a/one", b"1"), ("a/one", b"1 again"), ("a/two", b"2")]
    assert held[-1] == ("a/one", b"1"), "what lies aside comes last"
    assert Folder(tmp_path).exists("a/two"), "a server that starts anew leaves it aside"
    assert len(list((tmp_path / ".leaving").iterdir())) == 1
    folder.release()
    assert sorted(key for key, _ in folder.everything()) == ["a/one", "a/two"]
    folder.delete("a/two")
    assert [key for key, _ in folder.everything()] == ["a/one"]
    folder.release()


def test_rows_and_bytes_of_a_back_up_belong_together_while_both_come_and_go(tmp_path: Path) -> None:
    """A row is written after its bytes and taken away before them, as everywhere in the product."""
    house = House(tmp_path / "home")
    house.database.write(
        lambda connection: connection.exec_driver_sql("CREATE TABLE kept (name TEXT PRIMARY KEY, filler TEXT)")
    )
    over, written = threading.Event(), 0

    def add(number: int) -> None:
        house.storage.put(f"assets/{number:05}", b"x" * 100)
        row = (f"{number:05}", "y" * 2000)
        house.database.write(lambda connection: connection.exec_driver_sql("INSERT INTO kept VALUES (?, ?)", row))

    def drop(name: str) -> None:
        house.database.write(lambda connection: connection.exec_driver_sql("DELETE FROM kept WHERE name = ?", (name,)))
        house.storage.delete(f"assets/{name}")

    def live() -> None:
        nonlocal written
        while not over.is_set():
            add(written + 1000)
            drop(f"{written:05}")
            written += 1

    for number in range(1000):
        add(number)
    living = threading.Thread(target=live)
    living.start()
    run = house.begin()
    run.at_look = lambda: threading.Event().wait(0.02) and None
    try:
        result = house.back_ups.work(run)
    finally:
        over.set()
        living.join()
    assert written > 20, "nothing came and went meanwhile"
    folder = house.settings.back_ups / run.payload["name"]
    with closing(sqlite3.connect(folder / "relens.db")) as rows:
        names = {name for (name,) in rows.execute("SELECT name FROM kept")}
    assert len(names) == pytest.approx(1000, abs=1)
    missing = [name for name in names if not (folder / "files" / "assets" / name).is_file()]
    assert not missing
    assert result["files"] >= 1000
    assert not (tmp_path / "home" / "files" / ".leaving").exists()
    assert not house.storage.exists("assets/00000")
    house.database.close()


def test_a_back_up_that_is_interrupted_goes_on_and_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    for number in range(200):
        house.storage.put(f"assets/{number}", b"x")
    run = house.begin()
    place = house.settings.back_ups / run.payload["name"]

    def stop_in(step: str, error: Exception) -> None:
        def look() -> None:
            if (step == "bytes") == ("database" in run.finished):
                raise error

        run.at_look = look

    stop_in("bytes", Stopping("the server stops"))
    with pytest.raises(Stopping):
        house.back_ups.work(run)
    assert made.all_in(house.settings.back_ups) == [], "it is not finished"
    house.storage.delete("assets/7")
    BackUps(house.database, house.storage, house.settings).register(Jobs(house.database))
    run.at_look = lambda: None
    house.back_ups.work(run)
    assert (place / "files" / "assets" / "7").is_file(), "what was deleted in between is still of that moment"
    [found] = made.all_in(house.settings.back_ups)
    assert found.files == 201
    assert house.back_ups.work(run)["name"] == found.name, "a finished one is not made again"

    run = Run({"name": "relens-later"})
    stop_in("database", RuntimeError("the disk broke"))
    with pytest.raises(RuntimeError):
        house.back_ups.work(run)
    assert [one.name for one in house.settings.back_ups.iterdir()] == [found.name]
    assert not (tmp_path / "home" / "files" / ".leaving").exists()
    house.database.close()


def test_the_next_back_up_on_another_disk_writes_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, earlier, target = tmp_path / "source", tmp_path / "earlier", tmp_path / "new" / "target"
    source.write_bytes(b"12345")
    shutil.copy2(source, earlier)

    def other_disk(one: Path, other: Path, real: Any = os.link) -> None:
        if Path(one) == source:
            raise OSError(18, "Invalid cross-device link")
        real(one, other)

    monkeypatch.setattr(os, "link", other_disk)
    assert bring(source, target, earlier) == 0
    assert target.samefile(earlier)
    earlier.write_bytes(b"other")
    assert bring(source, tmp_path / "again", earlier) == 5
    assert (tmp_path / "again").read_bytes() == b"12345"


def _image(server: Server, prediction: str) -> int:
    asset = server.http.get(f"/api/v1/predictions/{prediction}").raise_for_status().json()["asset"]
    return server.http.get(f"/api/v1/assets/{asset}").status_code


def _predict(server: Server, seed: int) -> str:
    answer = server.http.post("/api/v1/deployments/spotter/predict", content=make_jpeg(size=(64, 48), seed=seed))
    said: str = answer.raise_for_status().json()["id"]
    return said


def _files(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): (one.stat().st_mode & 0o777, one.read_bytes()) for one in found}


def test_a_server_that_starts_on_a_back_up_has_everything_of_that_moment(tmp_path: Path) -> None:
    with running(tmp_path / "home") as server:
        version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector())}).json()
        server.http.post("/api/v1/deployments", json={"name": "spotter", "model_version": version["id"]})
        before = [_predict(server, seed) for seed in range(5)]
        job = server.http.post("/api/v1/system/back-ups").raise_for_status().json()
        done = server.job(job["id"])
        assert done["state"] == "succeeded", done
        after = _predict(server, 9)
        server.http.delete(f"/api/v1/predictions/{before[0]}").raise_for_status()
        [found] = server.http.get("/api/v1/system/back-ups").json()["items"]
        assert found["written_bytes"] < found["size_bytes"], "on one disk no image is written a second time"
        packed = server.http.get(f"/api/v1/system/back-ups/{found['name']}/tar").raise_for_status()
        with tarfile.open(fileobj=BytesIO(packed.content)) as tar:
            tar.extractall(tmp_path, filter="data")
        assert _files(tmp_path / found["name"]) == _files(Path(found["path"]))
        gone = server.http.delete(f"/api/v1/system/back-ups/{found['name']}").raise_for_status().json()
        assert server.job(gone["id"])["state"] == "succeeded"
        assert server.http.get("/api/v1/system/back-ups").json()["items"] == []
        assert server.http.delete("/api/v1/system/back-ups/relens-x").status_code == 404
        assert _image(server, before[1]) == 200
    with running(tmp_path / found["name"]) as server:
        for prediction in before:
            assert _image(server, prediction) == 200
        assert server.http.get(f"/api/v1/predictions/{after}").status_code == 404
        again = server.http.get(f"/api/v1/jobs/{job['id']}").json()
        assert again["state"] == "succeeded", "the copy does not go on making itself"
        deadline = monotonic() + 60
        while server.http.post("/api/v1/deployments/spotter/predict", content=make_jpeg(seed=1)).status_code != 200:
            assert monotonic() < deadline
