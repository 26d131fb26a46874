"""What every way to tell people promises, against a real server on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from relens.alerts.channel import (
    CHANNELS,
    BadChannel,
    BadTarget,
    ChannelKind,
    Closed,
    NotDelivered,
    Reach,
    Refused,
    Way,
    complete,
)
from relens.alerts.message import Message, Told

HERE = Reach(loopback=True)
# Names as far as anybody can tell beforehand: what they mean is the resolver's to say.
FOUND_OUT_WHEN_USED = {"http://2130706433/x", "http://0x7f.1/x", "http://127.1/x", "http://" + "a" * 300 + "/"}
TOLD = Told(
    "firing", "déjà vu <b>", "conveyor", "http://relens/deployments/conveyor", rule="r", metric="drift", value=0.3
)
MESSAGE = Message("1", 1_760_000_000_000_000, (TOLD,))
EVERY = [pytest.param(name, id=name) for name in CHANNELS.names()]
# Those that post to an address by themselves.
POSTING = [pytest.param(name, id=name) for name, kind in CHANNELS if "url" in kind.settings and kind.package is None]


def ignored(_: Message) -> None:
    """An inbox nobody looks into."""


def filled(name: str, target: str) -> dict[str, str]:
    return {key: one.default for key, one in CHANNELS.get(name).settings.items()} | {"url": target}


def check(name: str, target: str, reach: Reach) -> None:
    CHANNELS.get(name).check(filled(name, target), reach)


def send(name: str, target: str, reach: Reach, message: Message = MESSAGE) -> None:
    CHANNELS.get(name).send(filled(name, target), message, Way(reach, ignored))


class Receiver:
    """A web server that answers what it is told to and remembers what it was sent."""

    def __init__(self) -> None:
        self.answer = 204
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((dict(self.headers), json.loads(body)))
                self.send_response(outer.answer)
                if outer.answer == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.mark.parametrize("name", EVERY)
def test_a_kind_says_what_it_needs_and_takes_nothing_else(name: str) -> None:
    kind = CHANNELS.get(name)
    assert kind.title
    assert all(one.title for one in kind.settings.values())
    given = {key: one.default or "x" for key, one in kind.settings.items()}
    if kind.package is None:
        assert complete(name, given) == given
        with pytest.raises(BadChannel):
            complete(name, {**given, "colour": "red"})
        for key, one in kind.settings.items():
            if one.required and not one.default:
                with pytest.raises(BadChannel, match=key):
                    complete(name, {**given, key: " "})


@pytest.mark.parametrize("name", POSTING)
def test_where_it_leads_holds_no_secret(name: str) -> None:
    kind: ChannelKind = CHANNELS.get(name)
    assert "url" in kind.secrets
    assert (
        kind.place(complete(name, {"url": "https://hooks.example.com/T1/secret?key=2"}))
        == "https://hooks.example.com/…"
    )


@pytest.mark.parametrize("name", POSTING)
def test_a_message_arrives_whole(name: str, receiver: Receiver) -> None:
    send(name, receiver.url, HERE)
    headers, body = receiver.received[0]
    assert "déjà vu" in json.dumps(body, ensure_ascii=False)
    assert "http://relens/deployments/conveyor" in json.dumps(body)
    assert "json" in headers["Content-Type"]
    assert headers["Host"] == f"127.0.0.1:{receiver.server.server_port}"


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize("answer", [500, 404, 410])
def test_what_went_wrong_is_said_without_the_secret(name: str, receiver: Receiver, answer: int) -> None:
    receiver.answer = answer
    with pytest.raises((NotDelivered, Refused)) as problem:
        send(name, receiver.url, HERE)
    assert "key=1" not in str(problem.value)
    receiver.close()
    with pytest.raises(NotDelivered) as problem:
        send(name, receiver.url, HERE)
    assert "key=1" not in str(problem.value)


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_trouble_that_may_pass_is_worth_another_attempt(name: str, receiver: Receiver, status: int) -> None:
    receiver.answer = status
    with pytest.raises(NotDelivered):
        send(name, receiver.url, HERE)


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_a_refusal_is_final_and_redirects_are_not_followed(name: str, receiver: Receiver, status: int) -> None:
    receiver.answer = status
    with pytest.raises(Refused):
        send(name, receiver.url, HERE)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize(("status", "for_good"), [(410, True), (401, True), (403, True), (404, False), (400, False)])
def test_an_address_that_is_gone_or_does_not_know_us_is_closed_for_good(
    name: str, receiver: Receiver, status: int, for_good: bool
) -> None:
    receiver.answer = status
    with pytest.raises(Refused) as problem:
        send(name, receiver.url, HERE)
    assert isinstance(problem.value, Closed) is for_good


@pytest.mark.parametrize("name", POSTING)
def test_nobody_listening_is_worth_another_attempt(name: str, receiver: Receiver) -> None:
    receiver.close()
    with pytest.raises(NotDelivered):
        send(name, receiver.url, HERE)


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/x",
        "http://localhost:9/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://10.0.0.1/x",
        "http://192.168.1.4/x",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "example.com",
        "http://",
        "http://[",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://127.1/x",
        "http://localhost./x",
        "http://[::]/x",
        "http://[::127.0.0.1]/x",
        "http://[::ffff:0:7f00:1]/x",
        "http://[::ffff:169.254.169.254]/x",
        "http://[64:ff9b::a9fe:a9fe]/x",
        "http://[64:ff9b::10.0.0.1]/x",
        "http://[2002:7f00:1::]/x",
        "http://[2002:a00:1::1]/x",
        "http://[fe80::1]/x",
        "http://[fd00:ec2::254]/x",
        "http://[fc00::1]/x",
        "http://[ff02::1]/x",
        "http://100.100.100.200/x",
        "http://224.0.0.1/x",
        "http://255.255.255.255/x",
        "http://198.18.0.1/x",
        "http://93.184.216.34:22/x",
        "http://93.184.216.34:25/x",
        "http://93.184.216.34:6379/x",
        "http://93.184.216.34:0/x",
        "http://93.184.216.34:99999/x",
        "http://somebody:secret@93.184.216.34/x",
        "http://93.184.216.34\r\nX-More: 1/x",
        "http://93.184.216.34/\x00",
        "http://" + "a" * 300 + "/",
        "gopher://93.184.216.34/x",
    ],
)
def test_addresses_inside_are_refused_unless_allowed(name: str, target: str) -> None:
    if target not in FOUND_OUT_WHEN_USED:
        with pytest.raises(BadTarget):
            check(name, target, Reach())
    with pytest.raises((BadTarget, NotDelivered)):
        send(name, target, Reach())


@pytest.mark.parametrize("name", POSTING)
def test_a_public_name_that_leads_inside_is_refused_when_it_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    check(name, "http://hooks.example.com/x", Reach())
    with pytest.raises(BadTarget):
        send(name, "http://hooks.example.com/x", Reach())


@pytest.mark.parametrize("name", POSTING)
def test_private_addresses_can_be_allowed(name: str) -> None:
    check(name, "http://10.0.0.1/x", Reach(private=True))
    check(name, "http://127.0.0.1/x", HERE)
    with pytest.raises(BadTarget):
        check(name, "http://10.0.0.1/x", HERE)


@pytest.mark.parametrize("name", POSTING)
@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/x", "http://[::ffff:169.254.169.254]/x", "http://[fe80::1]/x"]
)
def test_where_clouds_keep_secrets_is_never_sent_to(name: str, target: str) -> None:
    with pytest.raises(BadTarget):
        check(name, target, Reach(loopback=True, private=True))


@pytest.mark.parametrize("name", POSTING)
def test_one_address_inside_among_several_is_enough_to_refuse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("93.184.216.34", 80)), (10, 1, 6, "", ("::ffff:10.0.0.1", 80, 0, 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadTarget):
        send(name, "http://hooks.example.com/x", Reach())


@pytest.mark.parametrize("name", POSTING)
def test_a_name_is_asked_for_once_and_the_connection_goes_where_it_led(
    name: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, the name would lead to an address where nobody may go (and no test can)."""
    asked: list[str] = []

    def first_here_then_elsewhere(host: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "10.1.2.3", port))]

    def connect(address: tuple[str, int], *given: Any, **more: Any) -> Any:
        # The numeric address needs no resolver; everything else would be a second question.
        assert address[0] == "127.0.0.1"
        made = socket.socket()
        made.connect(address)
        return made

    monkeypatch.setattr("socket.getaddrinfo", first_here_then_elsewhere)
    monkeypatch.setattr("socket.create_connection", connect)
    send(name, f"http://rebinding.example:{receiver.server.server_port}/hook", HERE)
    headers, _ = receiver.received[0]
    assert headers["Host"] == f"rebinding.example:{receiver.server.server_port}"
    assert asked == ["rebinding.example"]


@pytest.mark.parametrize("name", POSTING)
def test_an_answer_that_never_ends_holds_nobody(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never does."""
    monkeypatch.setattr("relens.alerts.outside.ALL_S", 0.6)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(NotDelivered):
            send(name, f"http://127.0.0.1:{listening.getsockname()[1]}/x", HERE)
        over.set()
        thread.join()
