"""Reaching an address that a user gave, without being led anywhere else.

A name is resolved once; every address it has must be permitted, and the connection goes to the one that was checked: otherwise a name
could point to a public address while it is checked and to a machine inside the network when it is used. Redirects are not followed, no
proxy of the environment is asked, the answer's body is not read, and everything is over at a fixed time, however slowly the other side drips.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore
import httpx

from relens.alerts.channel import BadTarget, NotDelivered, Reach

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ALL_S, _CONNECT_S = 9.0, 3.0
# NAT64, "translated" addresses (SIIT), and the oldest form of all: the last 32 bits are an IPv4 address.
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
# Programs behind these ports act on lines of text; a part of a message could be one (the list of browsers, WHATWG Fetch, shortened).
_OTHER_PROTOCOLS = frozenset(
    (1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
     117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
     601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669,
     6697, 11211)
)  # fmt: skip


def permitted(address: Address, reach: Reach, target: str) -> None:
    """BadTarget for an address that `reach` does not cover; also for one hidden inside another (IPv4 in IPv6).

    Link-local addresses, where clouds keep their machines' secrets, are never sent to.
    """
    for one in (address, *_inner(address)):
        if one.is_loopback:
            allowed = reach.loopback or reach.private
        else:
            allowed = one.is_global or (reach.private and one.is_private)
        if not allowed or one.is_multicast or one.is_unspecified or one.is_link_local:
            raise BadTarget(
                f"{target} leads to {one}, which is not a public address"
                + ("" if one.is_link_local else ": set RELENS_ALLOW_PRIVATE_WEBHOOKS=1 to allow it")
            )


def good_port(url: httpx.URL) -> int:
    """The port, which must be one where HTTP may be spoken."""
    port = url.port if url.port is not None else (443 if url.scheme == "https" else 80)
    if not 0 < port <= 65535 or port in _OTHER_PROTOCOLS:
        raise BadTarget(f"port {port} is not for web addresses: other programs listen there")
    return port


def resolved(url: httpx.URL, reach: Reach, target: str) -> str:
    """An address of the name, after all of them were judged. Raises NotDelivered or BadTarget."""
    try:
        found = socket.getaddrinfo(url.host, good_port(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"the name {url.host} cannot be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        permitted(ipaddress.ip_address(address.split("%")[0]), reach, target)
    return addresses[0]


def post(url: httpx.URL, address: str, content: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer. Raises NotDelivered."""
    way = _Way(address, time.monotonic() + _ALL_S)
    try:
        with (
            httpcore.ConnectionPool(network_backend=way, retries=0) as pool,
            pool.stream("POST", str(url), headers=list(headers.items()), content=content) as answer,
        ):
            return answer.status
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        raise NotDelivered(f"{url} did not answer: {type(error).__name__}") from error


def _inner(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 address stands for on some way: mapped, 6to4, Teredo and others."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    inside: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if one]
    if int(address) > 1 and any(address in carrier for carrier in _CARRIERS):
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inside


class _Way(httpcore.NetworkBackend):
    """Connects to one address whatever the name, and lets nothing last beyond `until`."""

    def __init__(self, address: str, until: float) -> None:
        self._address = address
        self._until = until
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._plain.connect_tcp(self._address, port, _CONNECT_S, None, socket_options)
        return _Stream(stream, self._until)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the same moment."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner = inner
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._left()), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return left
