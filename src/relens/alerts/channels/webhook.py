"""Any web address: the event is posted as JSON (CloudEvents 1.0, structured mode).

The name is resolved here and the connection goes to exactly the address that was checked: otherwise a name could point
to a public address while it is checked and to a machine inside the network when it is used. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Mapping
from typing import Any

import httpx

from relens.alerts.channel import BadTarget, Channel, NotDelivered, Reach, Refused

CONNECT_S, ANSWER_S = 3.0, 5.0
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TRY_AGAIN = {408, 409, 425, 429}


def check(target: str, reach: Reach) -> None:
    """Only http and https; an address that is written as a number is checked at once, a name when it is used."""
    url = _parsed(target)
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        if url.host == "localhost":
            _permitted(ipaddress.ip_address("127.0.0.1"), reach, target)
        return
    _permitted(address, reach, target)


def send(target: str, body: Mapping[str, Any], reach: Reach) -> None:
    """Posts once."""
    url = _parsed(target)
    address = _resolved(url, reach, target)
    headers = {
        "Content-Type": "application/cloudevents+json",
        "Host": url.netloc.decode("ascii"),
        "User-Agent": "relens",
    }
    try:
        with httpx.Client(trust_env=False, timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S)) as client:
            answer = client.post(
                url.copy_with(host=address),
                content=json.dumps(body).encode(),
                headers=headers,
                extensions={"sni_hostname": url.host},
            )
    except httpx.HTTPError as error:
        raise NotDelivered(f"{target} did not answer: {type(error).__name__}") from error
    if answer.status_code in _TRY_AGAIN or answer.status_code >= 500:
        raise NotDelivered(f"{target} answered {answer.status_code}")
    if not answer.is_success:
        raise Refused(f"{target} answered {answer.status_code}: it does not take this message; check the address")


def _parsed(target: str) -> httpx.URL:
    try:
        url = httpx.URL(target)
    except httpx.InvalidURL as error:
        raise BadTarget(f"'{target[:200]}' is no web address") from error
    if url.scheme not in ("http", "https") or not (_NAME.fullmatch(url.raw_host.decode()) or ":" in url.host):
        raise BadTarget(f"a webhook is an address that begins with http:// or https://, not '{target[:200]}'")
    return url


def _resolved(url: httpx.URL, reach: Reach, target: str) -> str:
    try:
        found = socket.getaddrinfo(
            url.host, url.port or (443 if url.scheme == "https" else 80), type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise NotDelivered(f"the name {url.host} cannot be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _permitted(ipaddress.ip_address(address.split("%")[0]), reach, target)
    return addresses[0]


def _permitted(address: ipaddress.IPv4Address | ipaddress.IPv6Address, reach: Reach, target: str) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    if inner.is_loopback:
        allowed = reach.loopback or reach.private
    else:
        allowed = reach.private or inner.is_global
    if not allowed or inner.is_multicast or inner.is_unspecified:
        raise BadTarget(
            f"{target} leads to {inner}, which is not a public address: set RELENS_ALLOW_PRIVATE_WEBHOOKS=1 to allow it"
        )


CHANNEL = Channel("Webhook", check, send)
