"""Any web address: the event is posted as JSON (CloudEvents 1.0, structured mode)."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from relens.alerts.channel import BadTarget, Channel, NotDelivered, Reach, Refused
from relens.alerts.outside import good_port, permitted, post, resolved

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TRY_AGAIN = {408, 409, 425, 429}


def check(target: str, reach: Reach) -> None:
    """Only http and https; an address that is written as a number is checked at once, a name when it is used."""
    url = _parsed(target)
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        if url.host.rstrip(".") == "localhost":
            permitted(ipaddress.ip_address("127.0.0.1"), reach, target)
        return
    permitted(address, reach, target)


def send(target: str, body: Mapping[str, Any], reach: Reach) -> None:
    """Posts once."""
    url = _parsed(target)
    address = resolved(url, reach, target)
    headers = {
        "Content-Type": "application/cloudevents+json",
        "Host": url.netloc.decode("ascii"),
        "User-Agent": "relens",
    }
    status = post(url, address, json.dumps(body).encode(), headers)
    if status in _TRY_AGAIN or status >= 500:
        raise NotDelivered(f"{target} answered {status}")
    if not 200 <= status < 300:
        raise Refused(f"{target} answered {status}: it does not take this message; check the address")


def _parsed(target: str) -> httpx.URL:
    try:
        url = httpx.URL(target)
    except httpx.InvalidURL as error:
        raise BadTarget(f"'{target[:200]}' is no web address") from error
    if url.scheme not in ("http", "https") or not (_NAME.fullmatch(url.raw_host.decode()) or ":" in url.host):
        raise BadTarget(f"a webhook is an address that begins with http:// or https://, not '{target[:200]}'")
    if url.userinfo:
        raise BadTarget("a webhook's address holds no name and password: put a secret into its path or query")
    good_port(url)
    return url


CHANNEL = Channel("Webhook", check, send)
