"""The spool keeps what was logged until the server has it, within its bounds, and counts what it had to let go."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relens.kit.errors import Invalid
from relens.sdk.client import Client
from relens.sdk.outbox import SpoolOptions
from relens.sdk.spool import BadSpool, Spool
from relens.testing.images import make_jpeg
from tests.unit.sdk.conftest import Peer

SMALL = {"width": 10, "height": 10, "detections": [], "taken_at": "2026-01-01T00:00:00Z"}
FINE: tuple[int, dict[str, str], object] = (201, {}, {"items": []})


def body(number: int, source: str = "line-1") -> dict[str, Any]:
    return {**SMALL, "client_id": str(number), "source": source}


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline, pause = monotonic() + seconds, Event()
    while not holds():
        assert monotonic() < deadline, "it never came true"
        pause.wait(0.01)


def numbers(spool: Spool, held: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    taken = spool.take(1000, 1 << 30, held)
    return [] if taken is None else [(item.body["source"], item.body["writer_seq"]) for item in taken[1]]


def test_what_was_put_in_is_there_after_it_was_opened_again(tmp_path: Path) -> None:
    first = Spool(tmp_path / "s.db", writer="cell")
    assert first.put("belt", [(body(1), b"image"), (body(2, "line-2"), None)])
    again = Spool(tmp_path / "s.db")
    deployment, items = again.take(10, 1000) or ("", [])
    assert deployment == "belt"
    assert [(i.body["client_id"], i.body["source"], i.body["writer_seq"], i.image) for i in items] == [
        ("1", "line-1", 1, b"image"),
        ("2", "line-2", 1, None),
    ]
    assert first.writer == again.writer
    assert first.writer.startswith("cell-")
    again.arrived(items)
    assert first.level().waiting == first.level().bytes == 0


def test_a_full_spool_lets_images_go_first_then_the_oldest(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s.db", most_rows=5, most_bytes=5000)
    for number in range(4):
        spool.put("belt", [(body(number), bytes(1500))])
    level = spool.level()
    assert (level.waiting, level.dropped, level.images_dropped) == (4, 0, 2)
    _, items = spool.take(10, 1 << 20) or ("", [])
    assert [item.image is not None for item in items] == [False, False, True, True]
    for number in range(4, 8):
        spool.put("belt", [(body(number), None)])
    assert [seq for _, seq in numbers(spool)] == [4, 5, 6, 7, 8]
    assert spool.level().dropped == 3
    assert [(loss.first, loss.last, loss.reason) for loss in spool.losses("belt")] == [(1, 3, "full")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["put", "send", "refuse"]), st.integers(0, 900), st.booleans()), max_size=25
    ),
    most=st.tuples(st.integers(1, 6), st.integers(1200, 4000)),
)
def test_every_number_is_waiting_or_sent_or_told_as_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]], most: tuple[int, int]
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool") / "s.db", most_rows=most[0], most_bytes=most[1])
    sent, given_out = set(), 0
    for step, size, again in steps:
        if step == "put":
            spool.put("belt", [(body(given_out), bytes(size) if again else None)])
            given_out += 1
        elif taken := spool.take(2, 1 << 20):
            if step == "send":
                spool.arrived(taken[1])
                sent |= {item.body["writer_seq"] for item in taken[1]}
            else:
                spool.set_aside(taken[1][0], "no")
        level = spool.level()
        assert level.waiting <= most[0]
        assert level.bytes <= most[1]
    waiting = {seq for _, seq in numbers(spool)}
    lost = {seq for loss in spool.losses("belt") for seq in range(loss.first, loss.last + 1)}
    assert sorted([*sent, *waiting, *lost]) == list(range(1, given_out + 1))
    assert len(lost) == spool.level().dropped + spool.level().refused
    assert (
        sum(
            len(json.dumps(i.body, ensure_ascii=False)) + len(i.image or b"")
            for i in (spool.take(99, 1 << 30) or ("", []))[1]
        )
        == spool.level().bytes
    )


def test_a_full_disk_loses_with_a_count_and_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s.db")
    pages = spool._rows.execute("PRAGMA page_count").fetchone()[0]
    spool._rows.execute(f"PRAGMA max_page_count = {pages + 8}")  # SQLite then answers as on a full disk
    kept = [spool.put("belt", [(body(number), bytes(6000))]) for number in range(12)]
    assert kept[0]
    assert not kept[-1]
    assert spool.level().dropped == kept.count(False)
    spool._rows.execute("PRAGMA max_page_count = 100000")
    assert spool.put("belt", [(body(99), None)])
    (loss,) = spool.losses("belt")
    assert (loss.last - loss.first + 1, loss.reason) == (kept.count(False), "disk full")
    assert numbers(spool)[-1] == ("line-1", 13)


def _put_many(path: Path, start: int) -> None:
    spool = Spool(path)
    for number in range(start, start + 50):
        spool.put("belt", [(body(number), None)])


def test_two_programs_share_one_file_and_no_number_twice(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    Spool(path)
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_put_many, args=(path, start)) for start in (0, 1000)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert sorted(seq for _, seq in numbers(Spool(path))) == list(range(1, 101))


def test_a_file_that_is_no_spool_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(b"hello, I am a text file, and a rather long one, for what it is worth" * 20)
    with pytest.raises(BadSpool, match="RELENS_SPOOL"):
        Spool(tmp_path / "s.db")


# --- sending ---------------------------------------------------------------------------------------------------------------


def client_of(peer: Peer, tmp_path: Path, **options: Any) -> Client:
    return Client(peer.url, spool=SpoolOptions(tmp_path / "s.db", **options))


def posted(peer: Peer) -> list[dict[str, Any]]:
    return [item for method, _, _, sent in peer.asked if method == "POST" for item in json.loads(sent)["items"]]


def test_logging_returns_client_ids_at_once_and_sends_in_the_background(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]
    with client_of(peer, tmp_path, writer="cell-7") as client:
        found = [{"label": "nut", "confidence": np.float32(0.5), "box": np.array([1, 2, 3, 4.0])}]
        ids = client.log("belt", [{"width": 9, "height": 9, "detections": found}, {**SMALL, "client_id": "mine"}])
        assert client.flush(20)
        assert client.spool.stats().sent == 2
    sent = posted(peer)
    assert [item["client_id"] for item in sent] == ids
    assert ids[1] == "mine"
    assert sent[0]["detections"] == [{"label": "nut", "confidence": 0.5, "box": [1, 2, 3, 4]}]
    assert [item["writer_seq"] for item in sent] == [1, 2]
    assert sent[0]["taken_at"].endswith("Z")


def test_images_travel_as_files_with_their_size_and_name_beside(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]
    data = make_jpeg(size=(40, 30))
    with client_of(peer, tmp_path) as client:
        client.deployment("belt").log({"image": data, "detections": []})
        assert client.flush(20)
    (sent,) = [sent for method, _, _, sent in peer.asked if method == "POST"]
    assert data in sent
    assert b'"width": 40' in sent


def test_what_cannot_be_logged_is_said_to_whoever_logs_it(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]
    with client_of(peer, tmp_path) as client:
        with pytest.raises(Invalid, match="JSON"):
            client.log("belt", {**SMALL, "metadata": {"x": float("nan")}})
        with pytest.raises(Invalid, match="image"):
            client.log("belt", {"image": b"no image", "detections": []})
        assert client.spool.stats().waiting == 0


def test_a_busy_server_is_asked_again_when_it_said_also_when_somebody_hurries(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [(503, {"Retry-After": "1"}, {"detail": "busy"}), FINE]
    with client_of(peer, tmp_path) as client:
        client.log("belt", SMALL)
        until(lambda: client.spool.stats().last_error == "busy")
        began = monotonic()
        assert not client.flush(0.3)
        assert client.flush(20)
        assert monotonic() - began > 0.6
        assert client.spool.stats().last_error is None


def test_the_one_the_server_refuses_is_set_aside_and_the_rest_goes_through(peer: Peer, tmp_path: Path) -> None:
    named = (422, {}, {"detail": "prediction 1 of 3: no label", "item": 1, "cause": "no label"})
    peer.answers = [named, FINE]
    with client_of(peer, tmp_path) as client:
        client.log("belt", [{**SMALL, "client_id": name} for name in "abc"])
        assert client.flush(20)
        stats = client.spool.stats()
        assert (stats.sent, stats.refused) == (2, 1)
        ((deployment, prediction, problem),) = client.spool.refused()
    assert (deployment, prediction["client_id"], problem) == ("belt", "b", "prediction 'b' was not taken: no label")
    assert [item["client_id"] for item in posted(peer)] == ["a", "b", "c", "a", "c"]


def test_where_the_server_does_not_say_which_one_halves_find_it(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]

    def judge() -> tuple[int, dict[str, str], object]:
        method, _, _, sent = peer.asked[-1]
        bad = method == "POST" and any(item["client_id"] == "11" for item in json.loads(sent)["items"])
        return (409, {}, {"detail": "sent twice"}) if bad else FINE

    peer.next = judge  # type: ignore[method-assign]
    with client_of(peer, tmp_path) as client:
        client.log("belt", [{**SMALL, "client_id": str(number)} for number in range(32)])
        assert client.flush(20)
        assert client.spool.stats().sent == 31
        assert [prediction["client_id"] for _, prediction, _ in client.spool.refused()] == ["11"]


def test_a_deployment_that_is_not_there_yet_does_not_hold_up_the_others(peer: Peer, tmp_path: Path) -> None:
    def judge() -> tuple[int, dict[str, str], object]:
        return (404, {}, {"detail": "there is no deployment 'new'"}) if "/new/" in peer.asked[-1][1] else FINE

    peer.next = judge  # type: ignore[method-assign]
    with client_of(peer, tmp_path) as client:
        client.log("new", SMALL)
        client.log("belt", SMALL)
        until(lambda: client.spool.stats().sent == 1)
        stats = client.spool.stats()
    assert (stats.waiting, stats.refused) == (1, 0), "a person may still make it"


def test_one_sends_at_a_time_and_the_next_takes_over(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]
    first, second = client_of(peer, tmp_path), client_of(peer, tmp_path)
    first.log("belt", SMALL)
    assert first.flush(20)
    second.log("belt", [SMALL, SMALL])
    assert second.flush(20)
    assert (first.spool.stats().sent, second.spool.stats().sent) == (3, 0)
    first.close()
    second.log("belt", SMALL)
    assert second.flush(20)
    assert second.spool.stats().sent == 1
    second.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_program_that_forks_goes_on_logging_on_both_sides(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [FINE]
    with client_of(peer, tmp_path) as client:
        client.log("belt", {**SMALL, "client_id": "before"})
        child = os.fork()
        if child == 0:
            try:
                client.log("belt", {**SMALL, "client_id": "child"})
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        client.log("belt", {**SMALL, "client_id": "parent"})
        assert client.flush(20)
    assert sorted(item["client_id"] for item in posted(peer)) == ["before", "child", "parent"]


def test_the_server_is_told_what_will_never_come(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [(503, {"Retry-After": "0.2"}, {}), FINE]
    with client_of(peer, tmp_path, most_rows=2) as client:
        client.log("belt", [{**SMALL, "source": "line-3"} for _ in range(5)])
        assert client.flush(20)
        until(lambda: any(method == "PUT" for method, *_ in peer.asked))
    _, path, _, sent = next(one for one in peer.asked if one[0] == "PUT")
    said = json.loads(sent)
    assert path.startswith("/api/v1/deployments/belt/writers/")
    assert said["sources"][0]["last_seq"] == 5
    assert [(loss["first_seq"], loss["last_seq"], loss["reason"]) for loss in said["losses"]] == [(1, 3, "full")]
