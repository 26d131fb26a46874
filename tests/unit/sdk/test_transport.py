"""What the client sends again, and what it makes of a refusal."""

import socket
from collections.abc import Iterator

import pytest

from relens.sdk.errors import NotReachable, Refused
from relens.sdk.transport import Transport
from tests.unit.sdk.conftest import Peer

OK: tuple[int, dict[str, str], object] = (200, {}, {"fine": True})
NOT_NOW: tuple[int, dict[str, str], object] = (503, {"Retry-After": "7"}, {"detail": "busy, come back"})
BROKEN: tuple[int, dict[str, str], object] = (502, {}, {"detail": "a gateway is broken"})


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def transport(peer: Peer, pauses: list[float]) -> Iterator[Transport]:
    made = Transport(peer.url, token=None, actor=None, retries=3, timeout_s=5, pause=pauses.append)
    yield made
    made.close()


def test_a_server_that_asks_to_come_back_later_is_asked_again_after_that_time(
    peer: Peer, transport: Transport, pauses: list[float]
) -> None:
    peer.answers = [NOT_NOW, OK]
    assert transport.call("POST", "things", json={}) == {"fine": True}
    assert pauses == [7.0]


def test_a_write_that_is_not_idempotent_is_not_repeated_behind_a_broken_gateway(
    peer: Peer, transport: Transport
) -> None:
    peer.answers = [BROKEN, OK]
    with pytest.raises(Refused, match="a gateway is broken"):
        transport.call("POST", "things", json={})
    assert len(peer.asked) == 1


def test_an_idempotent_call_is_repeated_behind_a_broken_gateway(
    peer: Peer, transport: Transport, pauses: list[float]
) -> None:
    peer.answers = [BROKEN, BROKEN, OK]
    assert transport.call("POST", "things", json={}, idempotent=True) == {"fine": True}
    assert len(pauses) == 2
    assert pauses[0] < pauses[1]


def test_it_gives_up_after_its_retries_with_the_servers_sentence(peer: Peer, transport: Transport) -> None:
    peer.answers = [NOT_NOW]
    with pytest.raises(Refused, match="busy, come back") as refused:
        transport.call("GET", "things")
    assert refused.value.status == 503
    assert len(peer.asked) == 4


def test_a_refusal_is_not_repeated_and_carries_its_problem_document(peer: Peer, transport: Transport) -> None:
    peer.answers = [
        (
            404,
            {"Content-Type": "application/problem+json"},
            {"title": "Not found", "detail": "there is no 'x'", "which": "x"},
        )
    ]
    with pytest.raises(Refused, match="there is no 'x'") as refused:
        transport.call("GET", "things/x")
    assert refused.value.problem["which"] == "x"
    assert len(peer.asked) == 1


def test_a_stream_that_is_sent_again_begins_anew(peer: Peer, transport: Transport) -> None:
    peer.answers = [NOT_NOW, OK]
    transport.call("POST", "things", body=lambda: iter([b"one ", b"two"]))
    assert [body for *_, body in peer.asked] == [b"one two", b"one two"]


def test_where_nobody_listens_the_sentence_says_how_to_start_a_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    alone = Transport(f"http://127.0.0.1:{port}", token=None, actor=None, retries=0, timeout_s=1)
    with pytest.raises(NotReachable, match="relens serve"):
        alone.call("GET", "system")
    alone.close()


def test_a_list_is_read_page_after_page(peer: Peer, transport: Transport) -> None:
    peer.answers = [
        (200, {}, {"items": [{"n": 1}, {"n": 2}], "next": "c"}),
        (200, {}, {"items": [{"n": 3}], "next": None}),
    ]
    assert [item["n"] for item in transport.items("things", {"limit": 2})] == [1, 2, 3]
    assert "cursor=c" in peer.asked[1][1]


def test_what_is_left_out_is_not_sent(peer: Peer, transport: Transport) -> None:
    peer.answers = [OK]
    transport.call("GET", "things", params={"a": None, "b": True, "c": 0})
    assert peer.asked[0][1].endswith("/api/v1/things?b=true&c=0")
