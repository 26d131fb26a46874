"""First pages of searches in a log of one million predictions (`--full`: ten), over HTTP, from a server that has just started.

`worst_first_page_ms`: the slowest of the searches below, each the median of five (the very first call of each is printed beside it).
`partial_ms`: a search that nothing can answer quickly gives what it has and says how far it looked. `rss_mb`: the server's memory afterwards.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from relens.bootstrap.wire import Relens
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.settings import Settings
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.clock import DAY
from relens.kit.ids import content_id, new_id
from relens.monitoring import sums
from tests.server_process import running

LABELS = [f"label {i}" for i in range(8)]
VERSIONS = ["v-old", "v-now", "v-new"]
SEARCHES: tuple[tuple[str, str], ...] = (
    ("", "-taken_at"),
    ("", "taken_at"),
    ("", "-outlier"),
    ("", "confidence"),
    ("", "-latency"),
    ("", "random:7"),
    ('label = "label 3"', "-taken_at"),
    ('label = "label 3"', "-outlier"),
    ("label = rare", "-taken_at"),
    ("label = rare", "-outlier"),
    ("label = seldom", "confidence"),
    ("label = seldom", "random:7"),
    ("label = none", "-taken_at"),
    ("source = line-7", "taken_at"),
    ("source = lab", "-latency"),
    ('source ~ "line-1*" and confidence < 0.5', "-outlier"),
    ("tag = audit", "-taken_at"),
    ("metadata.lot = 417", "-confidence"),
    ("metadata.serial = S500000", "-taken_at"),
    ("confidence < 0.3 and outlier > 0.9", "-taken_at"),
    ("outlier > 0.9995", "-taken_at"),
    ('outlier > 0.99 and label = "label 2" and source = line-3', "-taken_at"),
    ("version = v-old", "-taken_at"),
    ("version = v-old and label = seldom", "-outlier"),
    ("review = corrected", "-taken_at"),
    ("review = pending and confidence > 0.4 and confidence < 0.6", "-outlier"),
    ("role = canary", "-latency"),
    ("latency < 90 and role = canary", "-latency"),
    ("outlier > 0.3 and source = line-3", "outlier"),
    ("error is not empty", "-taken_at"),
    ("taken_at > 60 days ago and taken_at < 59 days ago", "-confidence"),
    ('(label = rare or tag = audit) and not review = pending', "-taken_at"),
    ("count > 7 and latency > 60", "-outlier"),
)  # fmt: skip
HOPELESS = "width = 999"


def facts(n: int, deployment: str) -> Iterator[tuple[Any, ...]]:
    """Rows of `prediction` with what is filed of them: 90 days, eight detections each."""
    chance = random.Random(3)
    now, step = clock.now(), 90 * DAY // n
    texts = []
    for _ in range(2000):
        said = [
            {
                "label": chance.choice(LABELS[:4]),
                "confidence": round(chance.random(), 4),
                "box": [10.25, 20.5, 110.75, 220.125],
            }
            for _ in range(8)
        ]
        kept = sorted({str(d["label"]) for d in said if float(str(d["confidence"])) >= 0.5})
        count = sum(float(str(d["confidence"])) >= 0.5 for d in said)
        texts.append((json.dumps(said, separators=(",", ":")), kept, count))
    for seq in range(1, n + 1):
        text, labels, count = texts[chance.randrange(2000)]
        draw = chance.random()
        extra = ["rare"] if draw < 0.0001 else ["seldom"] if draw < 0.01 else []
        source = "lab" if chance.random() < 0.00005 else f"line-{chance.randrange(20)}"
        version = VERSIONS[0] if seq < n // 100 else VERSIONS[1] if seq < n // 2 else VERSIONS[2]
        role = "canary" if draw > 0.97 else "shadow" if draw > 0.9 else "champion"
        tags = ["audit"] if 0.5 < draw < 0.5002 else ["day"]
        error = "Timeout" if 0.6 < draw < 0.6005 else None
        yield (
            seq, f"01900000-0000-7000-8000-{seq:012x}", deployment, content_id(str(seq).encode()), version, role, source, tags,
            {"lot": chance.randrange(1000), "serial": f"S{seq}"}, now - (n - seq) * step - chance.randrange(step * 50),
            chance.lognormvariate(2.5, 0.5), text, error, [*labels, *extra], count, chance.random(), chance.random(),
            chance.choice(["accepted", "corrected", "skipped"]) if chance.random() < 0.02 else "pending",
        )  # fmt: skip


def build(home: Path, n: int) -> None:
    """The database a server with that log would have, written in bulk: tables first, then the indexes."""
    relens = Relens(Settings(home=home))
    made = Deployment(
        new_id(), "line", "detection", tuple(LABELS), "server", 0.5, 1, VERSIONS[2], None, None, 0.0, {}, 0, "x"
    )
    relens.database.write(lambda connection: deployments.insert(connection, made))
    relens.stop()
    with closing(sqlite3.connect(home / "relens.db", isolation_level=None)) as connection:
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "cache_size=-200000",
            "temp_store=FILE",
            "foreign_keys=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('prediction', 'signal')"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        fill(connection, n, made.id)
        for _, sql in indexes:
            connection.execute(sql)
        stand_at_the_end(connection, n, made.id)


def fill(connection: sqlite3.Connection, n: int, deployment: str) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TEMP TABLE loose (term INTEGER, taken_at INTEGER, log_seq INTEGER)")
    words: dict[tuple[str, str], int] = {}
    rows: list[tuple[Any, ...]] = []
    for row in facts(n, deployment):
        rows.append(row)
        if len(rows) == 20_000:
            insert(connection, rows, words)
            rows.clear()
    insert(connection, rows, words)
    connection.execute("INSERT INTO posting SELECT term, taken_at, log_seq FROM loose ORDER BY 1, 2, 3")
    connection.executemany(
        "INSERT INTO term (id, deployment, kind, value, number) VALUES (?, ?, ?, ?, ?)",
        [
            (at, deployment, kind, value, float(value) if value.isdigit() else None)
            for (kind, value), at in words.items()
        ],
    )
    connection.execute(
        "INSERT INTO tally SELECT deployment, role = 'shadow', review, count(*) FROM signal GROUP BY 1, 2, 3"
    )
    connection.execute("COMMIT")


def insert(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], words: dict[tuple[str, str], int]) -> None:
    prediction, signal, loose = [], [], []
    for row in rows:
        (seq, line, deployment, asset, version, role, source, tags, more, taken_at, latency, text, error, labels, count, best, strange, review) = row  # fmt: skip
        prediction.append((seq, line, deployment, f"client-{seq}", asset, 640, 480, version, role, source, json.dumps(tags), json.dumps(more), taken_at, taken_at, latency, 0.5, text, "served", error, "all", 1.0))  # fmt: skip
        signal.append((seq, deployment, review, strange, None, taken_at, best, latency, 0 if error else count, role, source, version, error, "served", asset))  # fmt: skip
        its = (
            [("label", one) for one in labels]
            + [("tag", one) for one in tags]
            + [("source", source), ("model_version", version)]
        )
        its += [(f"metadata.{key}", str(value)) for key, value in more.items()]
        its += [("error", error)] if error else []
        its += [("role", role)] if role != "champion" else []
        loose += [(words.setdefault(word, len(words) + 1), taken_at, seq) for word in its]
    connection.executemany(
        "INSERT INTO prediction (log_seq, id, deployment, client_id, asset, width, height, model_version, role, source, tags, metadata, taken_at,"
        f" logged_at, latency_ms, threshold, detections, origin, error, keep_reason, keep_probability) VALUES ({','.join('?' * 21)})",
        prediction,
    )
    connection.executemany(
        "INSERT INTO signal (log_seq, deployment, review, outlier, priority, taken_at, confidence, latency_ms, count, role, source,"
        f" model_version, error, origin, asset) VALUES ({','.join('?' * 15)})",
        signal,
    )
    connection.executemany("INSERT INTO loose VALUES (?, ?, ?)", loose)


def stand_at_the_end(connection: sqlite3.Connection, n: int, deployment: str) -> None:
    """Everything that follows the log has seen all of it."""
    for name, value in (("log", n), ("filed", n), ("held", n), ("term", 2 * n)):
        connection.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
    for table in metadata.tables.values():
        if "cursor" in table.name and "log_seq" in table.c and table.name != "projection_cursor":
            connection.execute(f"DELETE FROM {table.name}")
            names = [column.name for column in table.c]
            known = {"log_seq": n, "deployment": deployment, "name": "queue"}
            values = [known.get(name, 0) for name in names]
            connection.execute(
                f"INSERT INTO {table.name} ({','.join(names)}) VALUES ({','.join('?' * len(names))})", values
            )
    here = (deployment, n, 0, sums.counted_as())
    connection.execute(
        "INSERT OR REPLACE INTO projection_cursor (deployment, log_seq, clearing, kinds) VALUES (?, ?, ?, ?)", here
    )


def ask(connection: HTTPConnection, query: str, sort: str) -> tuple[float, dict[str, Any]]:
    path = "/api/v1/deployments/line/predictions?" + urlencode({"sort": sort, "query": query, "limit": 50})
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 200, body
    return (time.perf_counter() - began) * 1e3, body


def rss_mb(process: int) -> float:
    written = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in written.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--full", action="store_true", help="ten million predictions")
    parser.add_argument("--home", type=Path, help="where the log is built, and used again when it is there")
    given = parser.parse_args()
    n = 10_000_000 if given.full else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "home"
        if not (home / "relens.db").exists():
            began = time.perf_counter()
            half = home.with_name(f"{home.name}.half")
            shutil.rmtree(half, ignore_errors=True)
            build(half, n)
            # What was interrupted is not taken for the whole.
            half.rename(home)
            print(f"built {n:,} predictions in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        with running(home) as server:
            measure(server.port, server.process_id, n)


def measure(port: int, process: int, n: int) -> None:
    connection, worst = HTTPConnection("127.0.0.1", port, timeout=60), 0.0
    for query, sort in SEARCHES:
        first, body = ask(connection, query, sort)
        took = median(ask(connection, query, sort)[0] for _ in range(5))
        worst = max(worst, took)
        note = " partial" if body["partial"] else ""
        print(
            f"{took:7.1f} ms (first {first:7.1f})  {len(body['items']):3d}{note}  {sort:10s} {query}", file=sys.stderr
        )
    partial, body = ask(connection, HOPELESS, "-taken_at")
    print(f"{partial:7.1f} ms  {HOPELESS}: partial {body['partial']}, {body['searched']}", file=sys.stderr)
    found = {
        "predictions": n,
        "worst_first_page_ms": round(worst, 1),
        "partial_ms": round(partial, 1),
        "rss_mb": round(rss_mb(process), 1),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
