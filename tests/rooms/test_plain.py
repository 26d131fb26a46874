"""The quick way of reading batches logs exactly what the careful way logs, or leaves it to that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.clock import DAY
from relens.predictions import plain, store, written
from relens.predictions.elsewhere import Reader
from relens.predictions.file_along import Filing
from relens.predictions.logged import SentTwice

SITE = Deployment("d1", "line", "detection", ("bolt",), "server", 0.4, 1, "v1", None, None, 0.0, {}, 0, "x")
FILLER = [{"width": 5, "height": 5, "detections": []}] * plain.LEAST


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
    lambda x, y, w, h, c: {"label": "nut", "confidence": c, "box": [x, y, x + w, y + h]},
    st.integers(0, 20), st.floats(0, 20), st.floats(0.1, 20), st.integers(1, 20), st.floats(0, 1),
)  # fmt: skip
_items = st.fixed_dictionaries(
    {"width": st.sampled_from([64, 64, 64, 0, 64.0, "64"]), "height": st.just(48), "detections": st.lists(st.one_of(_good, _good, _good, _detections), max_size=4)},
    optional={
        "client_id": st.sampled_from(["c1", "", "x" * 201, None]), "latency_ms": st.sampled_from([0, 3.5, -1, None]),
        "taken_at": st.sampled_from(["2025-11-22T10:00:00Z", "2125-11-22T10:00:00+02:00", "yesterday", None]),
        "source": st.sampled_from(["line-1", "", None]), "tags": st.sampled_from([["day", "ü"], [""], [], None, "day"]),
        "metadata": st.sampled_from([{"n": 1, "m": {"k": [None, True]}}, {}, None, {"long": "x" * 20_000}]),
        "model_version": st.sampled_from(["bolts/2", "", None]), "writer": st.sampled_from(["w", None]),
        "writer_seq": st.sampled_from([7, -1, None]), "threshold": st.just(0.3), "error": st.just("Timeout"), "normalised": st.booleans(),
    },
)  # fmt: skip


class _Version:
    id, labels = "v2", ("bolt", "nut")


@settings(max_examples=500, deadline=None)
@given(_items)
def test_what_the_quick_way_reads_the_careful_way_reads_alike(sent: dict[str, Any]) -> None:
    items = plain.items_of(json.dumps({"items": [sent, *FILLER]}))
    lines = None if items is None else plain.read(items, SITE, {"bolts/2": "v2"})
    if lines is None:
        return
    line, entry = lines[0], Reader(SITE, {"bolts/2": _Version()}).read(sent).entry  # type: ignore[dict-item]
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
    items = plain.items_of(json.dumps({"items": [sent, *FILLER]}))
    assert items is not None
    assert plain.read(items, SITE, {}) is not None
    assert plain.items_of(json.dumps({"items": [sent]})) is None


def test_both_ways_make_the_same_lines(database: Database) -> None:
    sent = [item(client_id=f"c{i}", metadata={"n": i}) for i in range(plain.LEAST)]
    entries = [Reader(SITE, {}).read(one).entry for one in sent]
    quick = plain.read(plain.items_of(json.dumps({"items": sent})) or [], SITE, {})
    assert quick is not None
    first = database.write(lambda connection: store.append_plain(connection, "d1", quick))
    assert [fresh for *_, fresh in first] == [True] * len(sent)
    assert database.write(lambda connection: store.append_plain(connection, "d1", quick)) == [
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
        found = plain.read(plain.items_of(json.dumps({"items": [*sent, *FILLER]})) or [], SITE, {})
        assert found is not None
        return found

    database.write(lambda connection: store.append_plain(connection, "d1", lines(item())))
    for batch in (
        lines(item(client_id="new"), item(detections=[])),
        lines(item(client_id="n"), item(client_id="n", detections=[])),
    ):
        with pytest.raises(SentTwice):
            database.write(lambda connection, batch=batch: store.append_plain(connection, "d1", batch))  # type: ignore[misc]
    assert Filing(database).behind() == 1 + plain.LEAST
