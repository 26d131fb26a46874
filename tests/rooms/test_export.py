"""An export holds what the search finds, can be read by others' tools, and says how far it is."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pycocotools.coco import COCO
from sqlalchemy import Connection

from relens.infra.database import Database
from relens.kit import clock
from relens.kit.ids import content_id
from relens.predictions import store
from relens.predictions.browse import Filter
from relens.predictions.export import Exports, NoExport, Progress, Reading, followed
from relens.predictions.exports import FORMS, About
from relens.predictions.file_along import Filing
from relens.predictions.logged import Entry, Logged
from relens.predictions.query import BadQuery
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Mask, Polygon, Shape

ABOUT = About("line", ("bolt",), {"v1": "bolts v1"})
SHAPES: tuple[Shape, ...] = (
    Box(1, 2, 30, 40),
    Polygon(((0, 0, 10, 0, 10, 8),)),
    Mask(48, 64, (10, 20, 48 * 64 - 30)),
    None,
)
N = 1234


@pytest.fixture
def log(database: Database) -> Database:
    entries = [
        Entry(
            "d", content_id(f"{i}".encode()), 64, 48, "v1", "champion",
            (Detection("bolt", 0.9, SHAPES[i % 4]), Detection('a "nut"', 0.1, Box(0, 0, 5, 5)))[: 1 + i % 2], 0.5, 3.5,
            clock.now() - i * 1000, f"c{i}", "line-1" if i % 10 else "line-2", ("ü",), {"n": i}, origin="external",
        )
        for i in range(N)
    ]  # fmt: skip
    database.write(lambda connection: store.append_many(connection, entries))
    while Filing(database).step():
        pass
    return database


def exported(database: Database, form: str, query: str | None = None) -> tuple[bytes, list[tuple[int, float]]]:
    told: list[tuple[int, float]] = []
    pages = Reading(database, "d", Filter(query=query)).pages(lambda given, share: told.append((given, share)))
    return b"".join(FORMS.get(form).write(pages, ABOUT)), told


def test_json_lines_hold_every_line_once_and_progress_grows_to_the_end(log: Database) -> None:
    data, told = exported(log, "jsonl")
    rows = [json.loads(row) for row in data.splitlines()]
    assert [row["client_id"] for row in rows] == [f"c{i}" for i in range(N)]
    assert rows[1]["detections"][1] == {"label": 'a "nut"', "confidence": 0.1, "box": [0, 0, 5, 5], "answered": False}
    assert rows[5]["model_version"] == "bolts v1"
    assert told == sorted(told)
    assert told[-1] == (N, 1.0)
    assert len(told) == 3


def test_an_export_is_what_the_search_finds(log: Database) -> None:
    data, told = exported(log, "jsonl", "source = line-2 and metadata.n < 100")
    assert [json.loads(row)["metadata"]["n"] for row in data.splitlines()] == list(range(0, 100, 10))
    assert told[-1] == (10, 1.0)
    assert exported(log, "jsonl", "source = nowhere")[0] == b""
    with pytest.raises(BadQuery):
        Reading(log, "d", Filter(query="sauce ="))


def test_parquet_says_the_same_as_json_lines(log: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.predictions.exports.parquet.GROUP", 700)
    lines = [json.loads(row) for row in exported(log, "jsonl")[0].splitlines()]
    table = pq.read_table(io.BytesIO(exported(log, "parquet")[0]))
    assert table.num_rows == N
    for line, row in zip(lines, table.to_pylist(), strict=True):
        assert (row["id"], row["tags"], json.loads(row["metadata"])) == (line["id"], line["tags"], line["metadata"])
        assert clock.from_text(row["taken_at"].isoformat()) == clock.from_text(line["taken_at"])
        for said, read in zip(line["detections"], row["detections"], strict=True):
            assert {name: read[name] for name in ("label", "confidence", "box", "answered")} == {
                name: said[name] for name in ("label", "confidence", "box", "answered")
            }
            assert read["polygon"] == said.get("polygon")
            assert (read["rle"] and json.loads(read["rle"])) == said.get("rle")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
def test_pycocotools_reads_the_coco_export(log: Database, tmp_path: Path) -> None:
    path = tmp_path / "coco.json"
    path.write_bytes(exported(log, "coco")[0])
    read = COCO(str(path))
    assert len(read.imgs) == N
    assert len(read.anns) == N + N // 2
    assert {one["name"] for one in read.cats.values()} == {"bolt", 'a "nut"'}
    assert read.annToMask(read.anns[read.getAnnIds(imgIds=[3])[0]]).sum() == 20
    assert all(one["image_id"] in read.imgs and one["category_id"] in read.cats for one in read.anns.values())
    assert json.loads(exported(log, "coco", "source = nowhere")[0]) == {
        "info": {"description": "Predictions of line, exported by Relens"}, "images": [], "annotations": [],
        "categories": [{"id": 1, "name": "bolt"}],
    }  # fmt: skip


def test_what_is_logged_while_an_export_runs_is_not_in_it(log: Database) -> None:
    pages = Reading(log, "d", Filter()).pages(lambda given, share: None)
    first = next(pages)

    def more(connection: Connection) -> Logged:
        return store.append(connection, Entry("d", content_id(b"new"), 64, 48, "v1", "champion", (), 0.5, 1.0, 5))[0]

    log.write(more)
    assert len(first) + sum(map(len, pages)) == N


def test_an_export_that_is_broken_off_says_so() -> None:
    exports = Exports()
    export_id = exports.begin()
    stream = followed(iter([b"a", b"b"]), exports, export_id)
    assert next(stream) == b"a"
    exports.put(Progress(export_id, 5, 0.5))
    stream.close()  # type: ignore[attr-defined]
    assert exports.get(export_id) == Progress(export_id, 5, 0.5, "stopped")
    done = exports.begin()
    assert b"".join(followed(iter([b"a"]), exports, done)) == b"a"
    assert exports.get(done).state == "finished"
    with pytest.raises(NoExport, match="begin it again"):
        exports.get("unknown")
