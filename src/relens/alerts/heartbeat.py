"""A sign of life to a watcher outside: it is sent only while the rules are looked after, and whoever misses it knows that nobody is."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx

from relens.alerts.channel import NotDelivered, Reach
from relens.alerts.evaluate import Evaluation
from relens.alerts.outside import good_port, place, post, resolve
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import SECOND, Micros

logger = logging.getLogger("relens.alerts")

ANYWHERE = Reach(loopback=True, private=True)
"""Whoever runs the server chose this address."""
_STALE = 120 * SECOND


class Heartbeat:
    """`step` for a follower: one POST every `every_s` seconds, as healthchecks.io, Uptime Kuma, cronitor and others expect."""

    def __init__(
        self, database: Database, evaluation: Evaluation, url: str, every_s: int, now: Callable[[], Micros] = clock.now
    ) -> None:
        self._database = database
        self._evaluation = evaluation
        self._url = httpx.URL(url)
        self._every_s = every_s
        self._now = now
        self._sent_at = 0

    def step(self) -> bool:
        at = self._now()
        if at - self._sent_at < self._every_s * SECOND or not self._well(at):
            return False
        self._sent_at = at
        try:
            address = resolve(self._url.host, good_port(self._url), ANYWHERE)
            headers = {"Host": self._url.netloc.decode("ascii"), "User-Agent": "relens", "Content-Length": "0"}
            status = post(self._url, address, b"", headers)
        except NotDelivered as problem:
            logger.warning("the heartbeat did not arrive: %s", problem)
            return False
        if not 200 <= status < 300:
            logger.warning("the heartbeat was not taken: %s answered %d", place(str(self._url)), status)
        return False

    def _well(self, at: Micros) -> bool:
        stepped = self._evaluation.stepped_at
        if stepped is None or at - stepped > _STALE:
            return False
        with self._database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
        return True
