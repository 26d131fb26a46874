"""Kills the server again and again under load and looks for what was answered and is not there.

    python -m benchmarks.crash [--rounds 15] [--full] [--seed 1] [--postgresql [URL]] [--json]

Each round eight clients send images one by one, and predictions made elsewhere in small batches with images and in large ones without, each with
a client id, until SIGKILL comes at a random moment. The server starts again in the same folder, the clients repeat what they got no answer to (and some that they did), and the
log is read through the API:

    lost      answered, and not in the log
    doubled   a client id with two lines, or with another line than was answered
    torn      a line whose image is not there, or is another one
    left_over files half-written before the kill that are still there after the start

All must be 0. `--full` kills 1,000 times and goes on where it was interrupted. With `--postgresql` the rows are in PostgreSQL, which lives on
while the server is killed and may still be finishing what the dead one asked for: in the database of that URL, which has to be empty at first, or
in one that is made for this run and goes with it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text

from relens.kit.ids import content_id, new_id
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.postgresql import fresh_database_url
from tests.server_process import Server

CLIENTS = 8
LONGEST_S = 1.5
BATCHES = {"served": 1, "elsewhere": 5, "numbers": 40}
"""How many images or predictions one request brings; `numbers` come without images, in batches that are logged first and filed after."""
DEPLOYMENTS = tuple(BATCHES)


@dataclass
class Found:
    """What all rounds found so far; the only thing that is kept between two runs of `--full`."""

    rounds: int = 0
    answered: int = 0
    unanswered: int = 0
    lines: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    left_over: int = 0
    seconds: float = 0.0


@dataclass
class Round:
    """One round: what was sent, and what was answered, by deployment and client id."""

    number: int
    name: str
    images: dict[tuple[str, str], bytes] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def said(self, deployment: str, client_id: str, prediction: str) -> None:
        """The same client id must be answered with the same line each time."""
        with self.lock:
            first = self.answers.setdefault((deployment, client_id), prediction)
            if first != prediction:
                self.others.append(client_id)


def send(http: httpx.Client, run: Round, deployment: str, ids: list[str]) -> bool:
    """Sends the images of these client ids; False when the server is not there (any more)."""
    try:
        if deployment == "served":
            answer = http.post(
                f"/api/v1/deployments/{deployment}/predict",
                content=run.images[deployment, ids[0]],
                params={"client_id": ids[0]},
            )
            told = [answer.json()] if answer.status_code == 200 else []
        else:
            items = _items(run, ids) if deployment == "elsewhere" else [_numbers(one) for one in ids]
            answer = http.post(f"/api/v1/deployments/{deployment}/predictions", json={"items": items})
            told = answer.json()["items"] if answer.status_code == 201 else []
    except (httpx.TransportError, json.JSONDecodeError):
        return False
    for one in told:
        run.said(deployment, one["client_id"], one["id"])
    return True


def _items(run: Round, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "client_id": one,
            "image": base64.b64encode(run.images["elsewhere", one]).decode(),
            "detections": [{"label": "red", "confidence": 0.9}],
        }
        for one in ids
    ]


def _numbers(one: str) -> dict[str, Any]:
    return {"client_id": one, "width": 48, "height": 32, "detections": [{"label": "red", "confidence": 0.9}]}


def client(url: str, run: Round, number: int, dead: threading.Event) -> None:
    """Sends until the server is gone. Some images come twice, from two clients, and some client ids are sent twice at once."""
    chance = random.Random(f"{run.number}/{number}")
    deployment = {3: "elsewhere", 2: "numbers"}.get(number % 4, "served")
    with httpx.Client(base_url=url, timeout=20) as http:
        for count in range(100_000):
            ids = [f"{run.name}/{number}/{count}/{i}" for i in range(BATCHES[deployment])]
            for one in ids:
                seed = chance.randrange(10_000)
                run.images[deployment, one] = make_jpeg((seed % 250, 80, 120), size=(48, 32), seed=seed)
            again = chance.random() < 0.1 and count
            if dead.is_set() or not send(http, run, deployment, ids):
                return
            if again and not send(http, run, deployment, ids):
                return


def load_until_killed(server: Server, run: Round, chance: random.Random) -> None:
    """SIGKILL at a moment between the first request and LONGEST_S later."""
    dead = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, server.url, run, number, dead) for number in range(CLIENTS)]
        time.sleep(chance.random() * LONGEST_S)
        server.kill()
        dead.set()
        for one in clients:
            one.result(60)


def repeat(server: Server, run: Round, chance: random.Random) -> None:
    """After the start: everything that got no answer, and a tenth of what did."""
    for deployment in DEPLOYMENTS:
        sent = [one for where, one in list(run.images) if where == deployment]
        for one in sent:
            if (deployment, one) not in run.answers or chance.random() < 0.1:
                send(server.http, run, deployment, [one])


def filed(server: Server) -> None:
    """Until what batches logged can be found."""
    for deployment in DEPLOYMENTS:
        while (
            server.http.get(f"/api/v1/deployments/{deployment}/predictions/count").raise_for_status().json()["waiting"]
        ):
            time.sleep(0.05)


def log_of(server: Server, deployment: str, since: str) -> list[dict[str, Any]]:
    """Every line since a moment, through the API."""
    lines: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        wanted = {"limit": 500, "from": since, **({"cursor": cursor} if cursor else {})}
        page = server.http.get(f"/api/v1/deployments/{deployment}/predictions", params=wanted).raise_for_status().json()
        lines += page["items"]
        cursor = page["next"]
    return lines


def compare(server: Server, run: Round, since: str, found: Found) -> None:
    """The log against what was answered."""
    filed(server)
    for deployment in DEPLOYMENTS:
        lines = [
            one
            for one in log_of(server, deployment, since)
            if one["client_id"] and one["client_id"].startswith(f"{run.name}/")
        ]
        by_client: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            by_client.setdefault(line["client_id"], []).append(line)
        found.lines += len(lines)
        found.doubled += sum(len(own) - 1 for own in by_client.values())
        for (where, one), prediction in run.answers.items():
            if where != deployment:
                continue
            found.answered += 1
            here = [line["id"] for line in by_client.get(one, [])]
            found.lost += not here
            found.doubled += bool(here) and prediction not in here
        for line in lines if deployment != "numbers" else ():
            sent = run.images[deployment, line["client_id"]]
            kept = server.http.get(f"/api/v1/assets/{line['asset']}")
            found.torn += kept.status_code != 200 or kept.content != sent or content_id(sent) != line["asset"]
    found.doubled += len(run.others)
    found.unanswered += len(run.images) - len(run.answers)


def one_round(server: Server, home: Path, seed: int, found: Found) -> None:
    chance = random.Random(f"{seed}/{found.rounds}")
    # A round that was interrupted is another round: its client ids are taken.
    run = Round(found.rounds, f"{found.rounds}-{new_id()[-6:]}")
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    load_until_killed(server, run, chance)
    server.start()
    found.left_over += sum(1 for _ in (home / "files" / ".writing").iterdir())
    repeat(server, run, chance)
    compare(server, run, since, found)
    found.rounds += 1


def deploy(server: Server) -> None:
    """A model that is a few multiplications: what is measured is what stands behind it."""
    sent = server.http.post("/api/v1/models/colours/versions", files={"file": ("model.onnx", classifier())})
    for name, target in zip(DEPLOYMENTS, ("server", "external", "external"), strict=True):
        body = {"name": name, "model_version": sent.raise_for_status().json()["id"], "target": target}
        server.http.post("/api/v1/deployments", json=body).raise_for_status()


def run_rounds(folder: Path, rounds: int, seed: int, database: str | None) -> Found:
    """`database`: a URL, None for the file in the home folder."""
    home, kept = folder / "home", folder / "found.json"
    found = Found(**json.loads(kept.read_text())) if kept.exists() else Found()
    fresh = not home.exists()
    server = Server(home, **({"RELENS_DATABASE": database} if database else {}))
    server.start()
    try:
        if fresh:
            deploy(server)
        while found.rounds < rounds:
            started = time.perf_counter()
            one_round(server, home, seed, found)
            found.seconds = round(found.seconds + time.perf_counter() - started, 2)
            kept.write_text(json.dumps(asdict(found)))
            print(
                f"round {found.rounds}: {found.answered} answered, {found.lost} lost, {found.doubled} doubled, {found.torn} torn",
                file=sys.stderr,
                flush=True,
            )
    finally:
        server.stop()
    found.torn += torn_rows(database or f"sqlite:///{home / 'relens.db'}")
    return found


def torn_rows(database: str) -> int:
    """Lines that lack what is filed beside them, although everything is filed; and a file that is not sound."""
    engine = create_engine(database)
    with engine.connect() as connection:
        torn = int(connection.execute(text(_HALF_FILED)).scalar_one())
        if engine.dialect.name == "sqlite":
            torn += connection.execute(text("PRAGMA integrity_check")).scalar_one() != "ok"
    engine.dispose()
    return torn


_HALF_FILED = "SELECT count(*) FROM prediction LEFT JOIN signal ON signal.log_seq = prediction.log_seq WHERE signal.log_seq IS NULL"


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--rounds", type=int)
    wanted.add_argument("--full", action="store_true", help="1,000 rounds; goes on where it was interrupted")
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--work", type=Path, help="the folder to work in; kept, so that a run can be continued")
    wanted.add_argument("--postgresql", nargs="?", const="", metavar="URL", help="rows in PostgreSQL instead of a file")
    wanted.add_argument("--json", action="store_true", help="taken for likeness: the last line always is JSON")
    chosen = wanted.parse_args()
    passing = chosen.postgresql == ""
    if passing and (chosen.full or chosen.work):
        wanted.error("a run that can be continued needs a database that stays: name one with --postgresql URL")
    rounds = chosen.rounds or (1000 if chosen.full else 15)
    lasting = chosen.work or (Path(tempfile.gettempdir()) / "relens-crash" if chosen.full else None)
    folder = lasting or Path(tempfile.mkdtemp(prefix="relens-crash-"))
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as until_then:
        database = until_then.enter_context(fresh_database_url()) if passing else chosen.postgresql
        found = run_rounds(folder, rounds, chosen.seed, database)
    if lasting is None:
        shutil.rmtree(folder, ignore_errors=True)
    name = "crash" if chosen.postgresql is None else "crash_postgresql"
    print(json.dumps({"benchmark": name, **asdict(found)}))


if __name__ == "__main__":
    main()
