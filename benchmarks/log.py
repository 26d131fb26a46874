"""Predictions per second into the log over HTTP: batches of 100, eight boxes each, no images, the server on one core.

`predictions_per_s`: accepted by `POST .../predictions`, that is durable and idempotent, with two connections and everything else of the server
running. `queryable_per_s`: the same predictions over the time until the last of them is found by searches and counted in every metric; `lag_s` is how
long that took after the last was accepted. `..._per_cpu_s`: the same per second of the server's processor time, which says more on a busy machine.
`store_per_s`: the log alone, without HTTP and JSON (100 entries per transaction, in this process).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from relens.bootstrap.wire import Relens
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.kit import clock
from relens.kit.ids import content_id, new_id
from relens.predictions import store
from relens.predictions.logged import Entry
from relens.vision.prediction import Detection
from relens.vision.shapes import Box
from tests.server_process import running

BATCH = 100
LABELS = ("bolt", "nut", "scratch")


def said(chance: random.Random) -> list[dict[str, object]]:
    """Eight detections, most of them above the threshold."""
    found = []
    for _ in range(8):
        x, y = chance.uniform(0, 500), chance.uniform(0, 350)
        box = [round(v, 2) for v in (x, y, x + chance.uniform(10, 130), y + chance.uniform(10, 120))]
        found.append({"label": chance.choice(LABELS), "confidence": round(chance.random(), 4), "box": box})
    return found


def bodies(count: int, run: str) -> list[bytes]:
    """So many requests, each prediction with a client id of its own."""
    chance, made = random.Random(4), []
    texts = [said(chance) for _ in range(500)]
    for batch in range(count):
        items = [
            {
                "client_id": f"{run}-{batch}-{i}", "width": 640, "height": 480, "latency_ms": 12.5, "source": f"line-{i % 4}",
                "tags": ["day"], "metadata": {"lot": batch % 50}, "detections": texts[chance.randrange(500)],
            }
            for i in range(BATCH)
        ]  # fmt: skip
        made.append(json.dumps({"items": items}, separators=(",", ":")).encode())
    return made


def send(port: int, requests: list[bytes], failed: list[int]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for body in requests:
        connection.request("POST", "/api/v1/deployments/line/predictions", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            failed.append(answer.status)
    connection.close()


def counted(home: Path) -> tuple[int, int]:
    """How far the log is written and how far everything that follows it has come."""
    with closing(sqlite3.connect(f"file:{home / 'relens.db'}?mode=ro", uri=True, timeout=10)) as connection:
        places = dict(connection.execute("SELECT name, value FROM counter").fetchall())
        cursor = connection.execute("SELECT min(log_seq) FROM projection_cursor").fetchone()[0] or 0
    return places.get("log", 0), min(places.get("filed", 0), cursor)


def over_http(folder: Path, batches: int) -> dict[str, float]:
    home = folder / "home"
    relens = Relens(Settings(home=home))
    made = Deployment(new_id(), "line", "detection", LABELS, "server", 0.3, 1, None, None, None, 0.0, {}, 0, "x")
    relens.database.write(lambda connection: deployments.insert(connection, made))
    relens.stop()
    requests, failed = bodies(batches, new_id()), list[int]()
    cores = sorted(os.sched_getaffinity(0))
    with running(home) as server:
        for task in Path(f"/proc/{server.process_id}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        send(server.port, bodies(5, "warm-up"), failed)
        halves = [requests[0::2], requests[1::2]]
        threads = [threading.Thread(target=send, args=(server.port, half, failed)) for half in halves]
        before, began, spent = counted(home)[0], time.perf_counter(), cpu_s(server.process_id)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted, accepted_cpu = time.perf_counter() - began, cpu_s(server.process_id) - spent
        logged, done = counted(home)
        behind = logged - done
        while done < logged:
            time.sleep(0.05)
            logged, done = counted(home)
        finished, finished_cpu = time.perf_counter() - began, cpu_s(server.process_id) - spent
    os.sched_setaffinity(0, set(cores))
    assert not failed, failed[:5]
    assert logged - before == batches * BATCH
    sent = batches * BATCH
    return {
        "predictions_per_s": sent / accepted,
        "queryable_per_s": sent / finished,
        "lag_s": finished - accepted,
        "behind_at_the_end": behind,
        "predictions_per_cpu_s": sent / accepted_cpu,
        "queryable_per_cpu_s": sent / finished_cpu,
    }


def cpu_s(process: int) -> float:
    """Seconds of processor time a process has used, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def store_alone(folder: Path, batches: int) -> float:
    """Entries per second into a fresh log, one transaction per batch, in this process."""
    import relens.bootstrap.wire  # noqa: F401 - every table

    database = Database(f"sqlite:///{folder / 'alone.db'}")
    database.create_tables()
    chance = random.Random(4)
    answers = [
        tuple(Detection(str(d["label"]), float(str(d["confidence"])), Box(*d["box"])) for d in said(chance))
        for _ in range(500)
    ]  # type: ignore[misc]
    sent = [
        [
            Entry("d", content_id(f"{batch} {i}".encode()), 640, 480, None, "champion", answers[chance.randrange(500)], 0.3, 12.5,
                  clock.now(), f"{batch}-{i}", "line-1", ("day",), {"lot": batch % 50}, origin="external")
            for i in range(BATCH)
        ]
        for batch in range(batches)
    ]  # fmt: skip
    began = time.perf_counter()
    for entries in sent:
        database.write(lambda connection, entries=entries: store.append_many(connection, entries))  # type: ignore[misc]
    took = time.perf_counter() - began
    database.close()
    return batches * BATCH / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--batches", type=int, default=600)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "store_per_s": store_alone(Path(folder), min(200, given.batches)),
            **over_http(Path(folder), given.batches),
        }
    print(json.dumps({name: round(value, 2) for name, value in found.items()}), file=sys.stdout)


if __name__ == "__main__":
    main()
