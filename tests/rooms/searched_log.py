"""A log with everything in it that one can search for, and what a query means, looked at line by line: independent of the planner."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from relens.infra.database import Database
from relens.kit.clock import HOUR
from relens.kit.ids import content_id
from relens.metrics import heatmap
from relens.metrics.kinds.confidence import BINS
from relens.metrics.kinds.image_statistics import STATISTICS
from relens.predictions import browse, signal_rows, store
from relens.predictions.browse import Filter
from relens.predictions.file_along import Filing
from relens.predictions.filing import as_word
from relens.predictions.logged import REVIEW_STATES, Entry, Logged
from relens.predictions.query import read_query
from relens.predictions.query_fields import FIELDS
from relens.predictions.query_tree import Both, Condition, Either, Node, Not
from relens.vision.prediction import Detection
from relens.vision.shapes import Box
from tests.conftest import _import_every_table
from tests.postgresql import fresh_database_url

START = 1_760_000_400_000_000


LINES = 300


BOXES = (Box(0, 0, 5, 5), Box(600, 20, 660, 70), Box(-9, 460, 49, 500))


LABELS = ("scratch", "dent", "Dust [1]", "%", "none")


def entries() -> list[Entry]:
    chance = random.Random(5)
    made = []
    for i in range(LINES):
        failed = chance.random() < 0.04
        said = [] if failed else [
            Detection(chance.choice(LABELS), round(chance.random(), 2), BOXES[chance.randrange(3)]) for _ in range(chance.randrange(4))
        ]  # fmt: skip
        metadata: dict[str, Any] = {}
        if chance.random() < 0.7:
            metadata["shift"] = chance.choice(["night", "day", True])
        if chance.random() < 0.5:
            metadata["n"] = chance.choice(
                [1, 2.5, "3", 40, -1, None, [1], 1e20, 0.1 + 0.2, 1.5e-07, 10**25, 3.0, False]
            )
        made.append(
            Entry(
                "d", content_id(f"{i}".encode()), chance.choice([640, 1280]) * (not failed), 480 * (not failed), chance.choice(["v1", "v2", None]),
                chance.choice(["champion"] * 6 + ["canary", "shadow"]), tuple(said), 0.3, chance.choice([5.0, 7.5, 12.0, 0.0]),
                START + i % 4 * HOUR, f"c{i}" if i % 3 else None,
                chance.choice(["line-1", "line-2", "lab_1", None]),
                (*chance.sample(["day", "50% off", "a_b"], chance.randrange(3)), *(["first hour"] if i % 4 == 0 else [])),
                metadata, error="Timeout" if failed else None, origin="external",
            )
        )  # fmt: skip
    return made


class Lines(list[Logged]):
    """Short where a failing example is printed."""

    def __repr__(self) -> str:
        return f"{len(self)} lines"


def filled(database: Database) -> Iterator[tuple[Database, list[Logged]]]:
    database.create_tables()
    chance = random.Random(6)
    own = entries()
    both = [one for pair in zip(own, [replace(one, deployment="other") for one in own], strict=True) for one in pair]
    lines = database.write(lambda connection: store.append_many(connection, both))
    while Filing(database).step():
        pass
    for line, _ in lines:
        if chance.random() < 0.3:
            database.write(lambda c, at=line.id: signal_rows.set_review(c, at, chance.choice(REVIEW_STATES)))  # type: ignore[misc]
    scores = {line.id: round(chance.random(), 1) for line, _ in lines if chance.random() < 0.6}
    database.write(lambda connection: signal_rows.set_outliers(connection, scores))
    with database.read() as connection:
        found = store.several(connection, [line.id for line, _ in lines if line.deployment == "d"])
    yield database, Lines(found)
    database.close()


def true_of(node: Node, line: Logged) -> bool:
    if isinstance(node, Both):
        return all(true_of(part, line) for part in node.parts)
    if isinstance(node, Either):
        return any(true_of(part, line) for part in node.parts)
    if isinstance(node, Not):
        return not true_of(node.part, line)
    return leaf(node, values_of(node.field.name, line))


def values_of(name: str, line: Logged) -> list[Any]:
    """All that a line has of a field."""
    if name.startswith("metadata."):
        written = as_word(line.metadata.get(name.removeprefix("metadata.")))
        return [] if written is None else [written]
    plain: dict[str, Callable[[], Any]] = {
        "label": lambda: list({d.label for d in line.answered}),
        "tag": lambda: list(line.tags),
        "confidence": lambda: [max((d.confidence for d in line.detections), default=0.0)],
        "count": lambda: [len(line.answered)],
        "latency": lambda: [line.took_ms],
        "version": lambda: [line.model_version],
        "detection": lambda: [line],
        "area": lambda: [line.width * line.height],
        "aspect": lambda: [line.width / line.height if line.height else None],
    }
    if name not in plain and (FIELDS[name].kind == "words" or name in STATISTICS):
        return []  # other rooms file these beside a line, and beside none of these: test_marking and test_review look for them
    found = plain[name]() if name in plain else [getattr(line, name)]
    return [value for value in found if value is not None]


def leaf(node: Condition, has: list[Any]) -> bool:
    if node.operator == "empty":
        return not has
    if node.operator == "~":
        pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in str(node.values[0]))
        return any(re.fullmatch(pattern, value, re.DOTALL) for value in has)
    if node.operator in ("=", "in"):
        return any(same(node, one, value) for one in has for value in node.values)
    wanted = float(node.values[0])
    numbers = [n for n in map(as_number, has) if n is not None]
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[node.operator]
    return any(compare(n, wanted) for n in numbers)


def same(node: Condition, one: Any, value: Any) -> bool:
    if node.field.kind == "detection":
        return any(is_like(found, one, str(value)) for found in one.answered)
    if node.field.kind == "number" or node.field.kind == "time":
        return float(one) == float(value)
    if node.field.name.startswith("metadata.") and as_number(value) is not None and one == f"{as_number(value):.15g}":
        return True
    return bool(one == value)


def is_like(found: Detection, line: Logged, said: str) -> bool:
    """As the heatmap and the histogram of confidences count it."""
    said, _, label = said.partition(" of ")
    if label and found.label != label:
        return False
    if said.startswith("cell "):
        x1, y1, x2, y2 = found.shape.box().corners()  # type: ignore[union-attr]
        column, row = map(int, said.removeprefix("cell ").split(","))
        return bool(heatmap.cells([((x1 + x2) / 2 / line.width, (y1 + y2) / 2 / line.height)])[row * 32 + column])
    low, high = (round(float(one) * BINS) for one in said.removeprefix("confidence ").split(" to "))
    return low <= min(int(found.confidence * BINS), BINS - 1) < high


def as_number(value: Any) -> float | None:
    try:
        made = float(value)
    except ValueError:
        return None
    return made if np.isfinite(made) else None


def expected(lines: list[Logged], query: str, sort: str) -> list[int]:
    node = read_query(query)
    shown = [line for line in lines if true_of(node, line) and (line.role != "shadow" or "role" in query.lower())]
    name, down = sort.lstrip("-"), sort.startswith("-")
    read = {"taken_at": "taken_at", "logged_at": "log_seq", "latency": "took_ms", "outlier": "outlier"}
    key = (lambda o: values_of("confidence", o)[0]) if name == "confidence" else (lambda o: getattr(o, read[name]))
    sign = -1 if down else 1
    order = sorted(shown, key=lambda o: (key(o) is None, sign * (key(o) or 0), sign * o.log_seq))
    return [line.log_seq for line in order]


def all_pages(
    database: Database, wanted: Filter, sort: str, limit: int = 7, budget_s: float | None = None
) -> list[int]:
    found: list[int] = []
    cursor = None
    with database.read() as connection:
        for _ in range(2000):
            one = browse.look(connection, "d", wanted, sort, limit, cursor, budget_s)
            assert len(one.lines) == limit or one.partial or one.next is None
            found += [line.log_seq for line in one.lines]
            if (cursor := one.next) is None:
                return found
    raise AssertionError("the pages do not end")


SORTS = ["-taken_at", "taken_at", "-outlier", "outlier", "confidence", "-latency", "latency", "-logged_at"]


def opened(kind: str, folder: Path) -> Iterator[tuple[Database, list[Logged]]]:
    """A log of 300 lines of one deployment, among those of another, with reviews and outlier scores; and the lines themselves."""
    _import_every_table()
    if kind == "sqlite":
        yield from filled(Database(f"sqlite:///{folder / 'log.db'}"))
        return
    with fresh_database_url() as url:
        yield from filled(Database(url))
