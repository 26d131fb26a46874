"""What a webhook sends is what the CloudEvents library of the CNCF reads, and a receiver can tell that it comes from us."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cloudevents.v1.http import from_http

from relens.alerts.channel import CHANNELS, Reach, Way
from relens.alerts.message import Message, Told

KEY = b"a secret both sides know"
FIRST = Told(
    "firing",
    "latency p95 of conveyor is 812 ms, above 500 ms",
    "conveyor",
    "http://relens/deployments/conveyor",
    value=812.0,
)
SECOND = Told(
    "resolved", "drift of conveyor is over", "conveyor", "http://relens/deployments/conveyor", source="line-1"
)


class Receiver:
    """Keeps the headers and the body of each POST as they came."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def sent(receiver: Receiver, message: Message, secret: str) -> tuple[dict[str, str], bytes]:
    given = {"url": f"http://127.0.0.1:{receiver.server.server_port}/hook", "secret": secret}
    CHANNELS.get("webhook").send(given, message, Way(Reach(loopback=True), lambda _: None))
    return receiver.received[-1]


def test_the_library_reads_what_a_webhook_sends(receiver: Receiver) -> None:
    message = Message("0199-a", 1_760_000_000_123_456, (FIRST, SECOND))
    headers, body = sent(receiver, message, "")
    read = from_http(headers, body)
    assert read["specversion"] == "1.0"
    assert (read["id"], read["type"], read["subject"]) == ("0199-a", "relens.alert.firing", "conveyor")
    assert read["source"] == "http://relens/deployments/conveyor"
    assert read["time"] == "2025-10-09T08:53:20.123456Z"
    assert read.data["sentence"] == FIRST.sentence
    assert read.data["value"] == 812.0
    assert [one["state"] for one in read.data["group"]] == ["firing", "resolved"]
    assert not [name for name in headers if name.lower().startswith("webhook-")], "nothing is signed without a secret"


@pytest.mark.parametrize("secret", [KEY.decode(), "whsec_" + base64.b64encode(KEY).decode()])
def test_a_receiver_can_tell_who_sent_it(receiver: Receiver, secret: str) -> None:
    """As Standard Webhooks says: v1, HMAC-SHA256 over id, timestamp and body, in base64."""
    headers, body = sent(receiver, Message("0199-b", 1_760_000_000_000_000, (FIRST,)), secret)
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    code = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{code}"
    assert headers["webhook-id"] == json.loads(body)["id"] == "0199-b"
