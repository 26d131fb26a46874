"""What a program logged reaches the server once each, whatever dies in between: the program, the server, or both."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from relens.sdk.client import Client
from relens.sdk.outbox import SpoolOptions
from relens.testing.images import make_jpeg
from tests.journeys.test_predict import deploy
from tests.server_process import Server

LOGS_FOR_EVER = """
import sys
from relens import Client
url, spool, image = sys.argv[1:]
client = Client(url, spool=spool)
for number in range(100_000):
    item = {"width": 20, "height": 10, "detections": [{"label": "red", "confidence": 0.5}], "source": f"line-{number % 2}"}
    client.log("colours", {**item, "client_id": str(number), **({"image": image} if number % 10 == 0 else {})})
    print(number, flush=True)
"""


def logged(server: Server) -> list[str]:
    """The client id of every line, as often as it is there."""
    found: list[str] = []
    cursor = None
    while True:
        asked = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = server.http.get("/api/v1/deployments/colours/predictions", params=asked).raise_for_status().json()
        found += [line["client_id"] for line in page["items"]]
        cursor = page.get("next")
        if not cursor:
            return found


def found_within(server: Server, count: int, seconds: float) -> list[str]:
    deadline, pause = monotonic() + seconds, Event()
    while len(there := logged(server)) < count and monotonic() < deadline:
        pause.wait(0.2)
    return there


def missing(server: Server) -> int:
    report = server.http.get("/api/v1/deployments/colours/gaps", params={"from": "2020-01-01T00:00:00Z"}).json()
    return sum(report["counts"].values())


def test_a_killed_programs_predictions_are_sent_by_the_next_one(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    image, spool = tmp_path / "a.jpg", tmp_path / "spool.db"
    image.write_bytes(make_jpeg((200, 20, 20)))
    command = [sys.executable, "-c", LOGS_FOR_EVER, server.url, str(spool), str(image)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    last = next(int(line) for line in program.stdout if int(line) >= 300)
    program.send_signal(signal.SIGKILL)
    for line in program.stdout:
        last = int(line)
    program.wait()
    program.stdout.close()
    server.start()
    try:
        deploy(server, "colours")
        with Client(server.url, spool=spool) as client:
            assert client.flush(60)
            stats = client.spool.stats()
            assert (stats.waiting, stats.dropped, stats.refused) == (0, 0, 0)
        there = found_within(server, last + 1, 60)
        assert len(there) == len(set(there)), "nothing twice"
        # What was said to be logged is there; of the one under way when it was killed, either is right.
        assert set(map(str, range(last + 1))) <= set(there) <= set(map(str, range(last + 2)))
        assert missing(server) == 0
    finally:
        server.stop()


def test_a_server_that_dies_while_it_is_sent_to_has_everything_once(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    server.start()
    try:
        deploy(server, "colours")
        with Client(server.url, spool=SpoolOptions(tmp_path / "spool.db", writer="cell")) as client:
            item = {"width": 20, "height": 10, "detections": [{"label": "red", "confidence": 0.5}]}

            def log_many() -> None:
                for number in range(1500):
                    client.log("colours", {**item, "client_id": str(number)})

            program = Thread(target=log_many)
            program.start()
            for _ in range(2):
                while client.spool.stats().sent < 100:
                    program.join(0.02)
                server.kill()
                server.start()
            program.join()
            assert client.flush(90), client.spool.stats()
            assert client.spool.stats().refused == 0
        # A stream of batches is logged first and can be found a moment later.
        there = found_within(server, 1500, 60)
        assert sorted(there, key=int) == [str(number) for number in range(1500)]
        assert missing(server) == 0
    finally:
        server.stop()
