"""Any web address: the event is posted as JSON (CloudEvents 1.0, structured mode), signed when there is a secret.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over "id.timestamp.body".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from relens.alerts.channel import BadChannel, ChannelKind, Reach, Setting, Way
from relens.alerts.message import Message, event
from relens.alerts.outside import check_address, place, post_to

_PREFIX = "whsec_"


def check(given: Mapping[str, str], reach: Reach) -> None:
    """Only http and https; an address that is written as a number is checked at once, a name when it is used."""
    check_address(given["url"], reach)
    _key(given["secret"])


def send(given: Mapping[str, str], message: Message, way: Way) -> None:
    """Posts once."""
    body = json.dumps(event(message)).encode()
    headers = {"Content-Type": "application/cloudevents+json"}
    if given["secret"]:
        headers |= signed(_key(given["secret"]), message.id, int(time.time()), body)
    post_to(given["url"], body, headers, way.reach)


def signed(key: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent this, and that it was not kept to be sent again later."""
    written = f"{message_id}.{at_s}.".encode() + body
    code = base64.b64encode(hmac.new(key, written, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(at_s), "webhook-signature": f"v1,{code}"}


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadChannel(f"a secret that begins with {_PREFIX} goes on in base64") from error


CHANNEL = ChannelKind(
    title="Webhook",
    settings={
        "url": Setting(
            "Address", secret=True, hint="A POST with the alert as JSON (CloudEvents), when it fires and when it ends."
        ),
        "secret": Setting(
            "Signing secret", secret=True, required=False, hint="Signs each message (Standard Webhooks, HMAC-SHA256)."
        ),
    },
    check=check,
    send=send,
    place=lambda given: place(given["url"]),
)
