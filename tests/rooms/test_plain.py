"""The quick way of reading batches logs exactly what the careful way logs, or leaves it to that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.store import Changed
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import DAY
from relens.predictions import plain, plain_rows, store, written
from relens.predictions.elsewhere import Reader
from relens.predictions.file_along import Filing
from relens.predictions.logged import SentTwice
from relens.predictions.record import Recorder

SITE = Deployment("d1", "line", "detection", ("bolt",), "server", 0.4, 1, "v1", None, None, 0.0, {}, 0, "x")
TRACE = "f" * 32
FILLER = [{"width": 5, "height": 5, "detections": []}] * plain.LEAST


def read_items(body: Any) -> list[plain.Item] | None:
    return plain.items_of(json.dumps(body).encode())


def item(**more: Any) -> dict[str, Any]:
    box = {"label": "bolt", "confidence": 0.5, "box": [1, 2.5, 30, 40]}
    return {"client_id": "c1", "width": 64, "height": 48, "detections": [box, {"label": "nut", "confidence": 1}]} | more


_numbers = st.one_of(st.floats(-1, 70), st.integers(-1, 70), st.sampled_from([0.0, 1, 0.5, 64, 48, None, "3", True]))
_detections = st.fixed_dictionaries(
    {
        "label": st.sampled_from(["bolt", 'ü"\\', "", "x" * 201, None, 3]),
        "confidence": st.one_of(st.floats(0, 1), _numbers),
    },
    optional={
        "box": st.one_of(st.none(), st.lists(_numbers, min_size=3, max_size=5)),
        "index": st.just(0),
        "polygon": st.none(),
    },
)
_good = st.builds(
    lambda x, y, w, h, c, order: {name: {"label": "nut", "confidence": c, "box": [x, y, x + w, y + h]}[name] for name in order},
    st.integers(0, 20), st.floats(0, 20), st.floats(0.1, 20), st.integers(1, 20), st.floats(0, 1), st.permutations(["label", "confidence", "box"]),
)  # fmt: skip
_items = st.fixed_dictionaries(
    {"width": st.sampled_from([64, 64, 64, 0, 64.0, "64"]), "height": st.just(48), "detections": st.lists(st.one_of(_good, _good, _good, _detections), max_size=4)},
    optional={
        "client_id": st.sampled_from(["c1", "", "x" * 201, None]), "latency_ms": st.sampled_from([0, 3.5, -1, None]),
        "taken_at": st.sampled_from(["2025-11-22T10:00:00Z", "2125-11-22T10:00:00+02:00", "yesterday", 5, None]),
        "source": st.sampled_from(["line-1", "", None]), "tags": st.sampled_from([["day", "ü"], [""], [], None, "day"]),
        "metadata": st.sampled_from([{"n": 1, "m": {"k": [None, True]}}, {}, [], 0, None, {"x": 1e16}, {"n": 2**70}, {"long": "x" * 20_000}]),
        "model_version": st.sampled_from(["bolts/2", "", None]), "writer": st.sampled_from(["w", None]),
        "writer_seq": st.sampled_from([7, -1, None, True]), "trace": st.sampled_from(["a" * 32, "0" * 32, "00-" + "b" * 32 + "-" + "c" * 16 + "-01", None]), "threshold": st.just(0.3), "error": st.just("Timeout"), "normalised": st.booleans(),
    },
)  # fmt: skip


class _Version:
    id, labels = "v2", ("bolt", "nut")


@settings(max_examples=500, deadline=None)
@given(_items)
def test_what_the_quick_way_reads_the_careful_way_reads_alike(sent: dict[str, Any]) -> None:
    items = read_items({"items": [sent, *FILLER]})
    lines = None if items is None else plain.read(items, SITE, {"bolts/2": "v2"}, TRACE)
    if lines is None:
        return
    line, entry = lines[0], Reader(SITE, {"bolts/2": _Version()}, trace=TRACE).read(sent).entry  # type: ignore[dict-item]
    assert written.from_text(line.detections) == entry.detections
    assert line.detections == written.to_text(entry.detections)
    assert (json.loads(line.tags), json.loads(line.metadata)) == (list(entry.tags), entry.metadata)
    assert abs(line.taken_at - entry.taken_at) < DAY
    for name in (
        "client_id",
        "width",
        "height",
        "model_version",
        "role",
        "source",
        "latency_ms",
        "threshold",
        "trace",
        "writer",
        "writer_seq",
    ):
        assert getattr(line, name) == getattr(entry, name), name
    if entry.client_id is not None:
        assert line.asset == entry.asset


def test_most_plain_batches_go_the_quick_way() -> None:
    sent = item(
        latency_ms=3,
        taken_at="2025-11-22T10:00:00Z",
        tags=["a"],
        metadata={"n": 1},
        source="s",
        writer="w",
        writer_seq=1,
    )
    items = read_items({"items": [sent, *FILLER]})
    assert items is not None
    assert plain.read(items, SITE, {}) is not None
    assert read_items({"items": [sent]}) is None


def test_both_ways_make_the_same_lines(database: Database) -> None:
    sent = [item(client_id=f"c{i}", metadata={"n": i}) for i in range(plain.LEAST)]
    entries = [Reader(SITE, {}).read(one).entry for one in sent]
    quick = plain.read(read_items({"items": sent}) or [], SITE, {})
    assert quick is not None
    first = database.write(lambda connection: plain_rows.append(connection, "d1", quick))
    assert [fresh for *_, fresh in first] == [True] * len(sent)
    assert database.write(lambda connection: plain_rows.append(connection, "d1", quick)) == [
        (a, b, False) for a, b, _ in first
    ]
    # What came the quick way is known to the careful one, and the other way round.
    again = database.write(lambda connection: store.append_many(connection, entries))
    assert [(line.id, fresh) for line, fresh in again] == [(one[0], False) for one in first]
    while Filing(database).step():
        pass
    with database.read() as connection:
        lines = store.since(connection, 0, 100)
    for line, entry in zip(lines, entries, strict=True):
        assert (line.detections, line.metadata, line.asset, line.origin) == (
            entry.detections,
            entry.metadata,
            entry.asset,
            "external",
        )
        assert (line.keep_reason, line.keep_probability, line.error, line.parent) == ("not sent", 0.0, None, None)


def test_a_client_id_with_another_answer_is_refused_and_nothing_of_its_batch_stays(database: Database) -> None:
    def lines(*sent: dict[str, Any]) -> list[plain.Plain]:
        found = plain.read(read_items({"items": [*sent, *FILLER]}) or [], SITE, {})
        assert found is not None
        return found

    database.write(lambda connection: plain_rows.append(connection, "d1", lines(item())))
    for batch in (
        lines(item(client_id="new"), item(detections=[])),
        lines(item(client_id="n"), item(client_id="n", detections=[])),
    ):
        with pytest.raises(SentTwice):
            database.write(lambda connection, batch=batch: plain_rows.append(connection, "d1", batch))  # type: ignore[misc]
    assert Filing(database).behind() == 1 + plain.LEAST


def test_a_batch_that_is_known_in_part_is_answered_like_one_that_is_looked_up(
    database: Database, tmp_path: Path
) -> None:
    deployment = replace(SITE, id="d1")
    database.write(lambda connection: deployments.insert(connection, deployment))

    def lines(*names: str) -> list[plain.Plain]:
        found = plain.read(
            read_items({"items": [item(client_id=name) for name in names] + FILLER}) or [], deployment, {}
        )
        assert found is not None
        return found

    recorder = Recorder(database, Folder(tmp_path))
    first = recorder.record_plain(deployment, lines("a", "b"))
    again = recorder.record_plain(deployment, lines("b", "c", "c"))
    assert [fresh for *_, fresh in again[:3]] == [False, True, False]
    assert (again[0][0], again[1][0]) == (first[1][0], again[2][0])
    assert Filing(database).behind() == 3 + 2 * plain.LEAST
    with database.read() as connection:
        numbers = list(
            connection.execute(select(store.prediction.c.log_seq).order_by(store.prediction.c.log_seq)).scalars()
        )
    assert numbers == list(range(1, len(numbers) + 1)), "what was undone has used no number"


def test_nothing_is_logged_by_a_deployment_that_has_changed(database: Database, tmp_path: Path) -> None:
    database.write(lambda connection: deployments.insert(connection, SITE))
    recorder = Recorder(database, Folder(tmp_path))
    lines = plain.read(read_items({"items": FILLER}) or [], recorder.deployments.get("line"), {})
    database.write(lambda connection: deployments.change(connection, "d1", threshold=0.9))
    with pytest.raises(Changed):
        recorder.record_plain(recorder.deployments.get("line"), lines or [])
    recorder.deployments.forget("line")
    assert recorder.deployments.get("line").threshold == 0.9
    assert Filing(database).behind() == 0


def test_an_answer_whose_numbers_were_written_in_another_way_is_the_same_answer(database: Database) -> None:
    line = (plain.read(read_items({"items": [item(), *FILLER]}) or [], SITE, {}) or [])[0]
    other = line._replace(detections=line.detections.replace("0.5", "5e-1"))
    assert other.detections != line.detections
    database.write(lambda connection: plain_rows.append(connection, "d1", [line]))
    ((_, _, fresh),) = database.write(lambda connection: plain_rows.append(connection, "d1", [other]))
    assert not fresh
