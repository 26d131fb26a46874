"""What every way to tell people promises, against a real server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from relens.alerts.channel import CHANNELS, BadTarget, Channel, NotDelivered, Reach, Refused

HERE = Reach(loopback=True)
EVENT = {"specversion": "1.0", "id": "1", "type": "relens.alert.test", "data": {"sentence": "déjà vu"}}
EVERY = [pytest.param(channel, id=name) for name, channel in CHANNELS]


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


@pytest.mark.parametrize("channel", EVERY)
def test_a_message_arrives_as_it_was_written(channel: Channel, receiver: Receiver) -> None:
    channel.send(receiver.url, EVENT, HERE)
    headers, body = receiver.received[0]
    assert body == EVENT
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert headers["Host"] == f"127.0.0.1:{receiver.server.server_port}"


@pytest.mark.parametrize("channel", EVERY)
@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_trouble_that_may_pass_is_worth_another_attempt(channel: Channel, receiver: Receiver, status: int) -> None:
    receiver.answer = status
    with pytest.raises(NotDelivered):
        channel.send(receiver.url, EVENT, HERE)


@pytest.mark.parametrize("channel", EVERY)
@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_a_refusal_is_final_and_redirects_are_not_followed(channel: Channel, receiver: Receiver, status: int) -> None:
    receiver.answer = status
    with pytest.raises(Refused):
        channel.send(receiver.url, EVENT, HERE)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("channel", EVERY)
def test_nobody_listening_is_worth_another_attempt(channel: Channel, receiver: Receiver) -> None:
    receiver.close()
    with pytest.raises(NotDelivered):
        channel.send(receiver.url, EVENT, HERE)


@pytest.mark.parametrize("channel", EVERY)
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
    ],
)
def test_addresses_inside_are_refused_unless_allowed(channel: Channel, target: str) -> None:
    with pytest.raises(BadTarget):
        channel.check(target, Reach())
    with pytest.raises((BadTarget, NotDelivered)):
        channel.send(target, EVENT, Reach())


@pytest.mark.parametrize("channel", EVERY)
def test_a_public_name_that_leads_inside_is_refused_when_it_is_used(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(2, 1, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    channel.check("http://hooks.example.com/x", Reach())
    with pytest.raises(BadTarget):
        channel.send("http://hooks.example.com/x", EVENT, Reach())


@pytest.mark.parametrize("channel", EVERY)
def test_private_addresses_can_be_allowed(channel: Channel) -> None:
    channel.check("http://10.0.0.1/x", Reach(private=True))
    channel.check("http://127.0.0.1/x", HERE)
    with pytest.raises(BadTarget):
        channel.check("http://10.0.0.1/x", HERE)
