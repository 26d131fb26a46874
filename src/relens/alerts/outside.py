"""Reaching an address that a user gave, without being led anywhere else.

A name is resolved once; every address it has must be permitted, and the connection goes to the one that was checked: otherwise a name
could point to a public address while it is checked and to a machine inside the network when it is used. Redirects are not followed, no
proxy of the environment is asked, the answer's body is not read, and everything is over at a fixed time, however slowly the other side drips.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpcore
import httpx

from relens.alerts.channel import BadTarget, Closed, NotDelivered, Reach, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ALL_S, _CONNECT_S = 9.0, 3.0
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_TRY_AGAIN = {408, 409, 425, 429}
_NOT_FOR_US = {401, 403, 410}
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


def check_address(url: str, reach: Reach) -> None:
    """BadTarget for a web address that can never be posted to: a number is judged at once, a name when it is used."""
    check_host(_parsed(url).host, reach)


def check_host(host: str, reach: Reach) -> None:
    """The same for the name of a host, or its address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _NAME.fullmatch(host):
            raise BadTarget(f"'{host[:100]}' is no name of a host") from None
        if host.rstrip(".").lower() == "localhost":
            permitted(ipaddress.ip_address("127.0.0.1"), reach, host)
        return
    permitted(address, reach, host)


def post_to(target: str, body: bytes, headers: Mapping[str, str], reach: Reach) -> None:
    """Posts once, and judges the answer: what may pass is NotDelivered, what will not is Refused, what says never is Closed."""
    url = _parsed(target)
    where = place(target)
    address = resolve(url.host, good_port(url), reach)
    shared = {"Host": url.netloc.decode("ascii"), "User-Agent": "relens"}
    status = post(url, address, body, {**shared, **headers})
    if status in _TRY_AGAIN or status >= 500:
        raise NotDelivered(f"{where} answered {status}")
    if status in _NOT_FOR_US:
        raise Closed(
            f"{where} answered {status}: it takes no messages there any more, or not from us; check the address"
        )
    if not 200 <= status < 300:
        raise Refused(f"{where} answered {status}: it does not take this message; check the address")


def place(target: str) -> str:
    """Where an address leads, without its path and query, which may hold a secret."""
    url = _parsed(target)
    return f"{url.scheme}://{url.netloc.decode('ascii')}/…"


def good_port(url: httpx.URL) -> int:
    """The port, which must be one where HTTP may be spoken."""
    port = url.port if url.port is not None else (443 if url.scheme == "https" else 80)
    if not 0 < port <= 65535 or port in _OTHER_PROTOCOLS:
        raise BadTarget(f"port {port} is not for web addresses: other programs listen there")
    return port


def resolve(host: str, port: int, reach: Reach) -> str:
    """An address of the name, after all of them were judged. Raises NotDelivered or BadTarget."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered(f"the name {host[:100]} cannot be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        permitted(ipaddress.ip_address(address.split("%")[0]), reach, host)
    return addresses[0]


def post(url: httpx.URL, address: str, content: bytes, headers: Mapping[str, str], method: str = "POST") -> int:
    """The status of the answer. Raises NotDelivered."""
    way = _Way(address, time.monotonic() + ALL_S)
    try:
        with (
            httpcore.ConnectionPool(network_backend=way, retries=0) as pool,
            pool.stream(method, str(url), headers=list(headers.items()), content=content) as answer,
        ):
            return answer.status
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        raise NotDelivered(f"{place(str(url))} did not answer: {type(error).__name__}") from error


@contextmanager
def over_in(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Ends a connection at a fixed time, however slowly the other side drips; whoever reads or writes then gets an error."""
    with socket.socket(connection.family, connection.type, connection.proto, fileno=_again(connection)) as end:

        def cut() -> None:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _again(connection: socket.socket) -> int:
    """Another number for the same connection: TLS takes the first one away from us."""
    return connection.dup().detach()


def _parsed(target: str) -> httpx.URL:
    try:
        url = httpx.URL(target)
    except httpx.InvalidURL as error:
        raise BadTarget("this is no web address") from error
    if url.scheme not in ("http", "https") or not (_NAME.fullmatch(url.raw_host.decode()) or ":" in url.host):
        raise BadTarget("a webhook is an address that begins with http:// or https:// and a host")
    if url.userinfo:
        raise BadTarget("a webhook's address holds no name and password: put a secret into its path or query")
    good_port(url)
    return url


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
