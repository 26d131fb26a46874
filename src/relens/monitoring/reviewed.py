"""Supervised metrics: what the version said, judged by what people found true; one more verdict costs one more image."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.calendar import UTC_NAME, cut
from relens.kit.clock import Micros
from relens.metrics.metric import METRICS, Bench, Supervised
from relens.monitoring.gather import of_log
from relens.monitoring.judged import Choice, Seen, seen_of
from relens.monitoring.window import Window
from relens.predictions import browse
from relens.predictions import store as predictions
from relens.review import store as verdicts
from relens.review.verdict import USABLE, Verdict

_ANSWERS, _POINTS, _CHOICES = 128, 8192, 32
_AT_ONCE = 500


class _Kept(NamedTuple):
    """What is answered to: a metric, for these labels, of this label (None: all), over exactly these images and reviews."""

    metric: str
    labels: tuple[str, ...]
    label: str | None
    images: tuple[int, int]


class InTime:
    """Keys of images in order of time. They stand beside their times, so that a window of thousands is one cut."""

    def __init__(self, places: list[tuple[Micros, str]]) -> None:
        self._places = places
        self._keys = [key for _, key in places]

    def add(self, at: Micros, key: str) -> None:
        place = bisect_left(self._places, (at, key))
        self._places.insert(place, (at, key))
        self._keys.insert(place, key)

    def drop(self, at: Micros, key: str) -> None:
        place = bisect_left(self._places, (at, key))
        del self._places[place], self._keys[place]

    def between(self, since: Micros, until: Micros) -> list[str]:
        return self._keys[bisect_left(self._places, (since, "")) : bisect_left(self._places, (until, ""))]


@dataclass
class Table:
    """The reviewed images of one deployment up to change `seq`, and a bench per metric. Shadows stand beside the images they saw.

    Whoever reads or changes it holds `lock`.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    seq: int = 0
    log_seq: int = 0
    """Shadows up to here are beside the images they saw."""
    images: dict[str, Seen] = field(default_factory=dict)
    of_verdict: dict[str, tuple[Verdict, tuple[str, ...]]] = field(default_factory=dict)
    by_time: OrderedDict[Choice, InTime] = field(default_factory=OrderedDict)
    """For what windows lately asked beside time: the images that are so, in order of time. A verdict moves one of them."""
    benches: dict[tuple[str, tuple[str, ...]], Bench] = field(default_factory=dict)
    answers: OrderedDict[_Kept, dict[str, Any]] = field(default_factory=OrderedDict)
    points: OrderedDict[_Kept, dict[str, Any]] = field(default_factory=OrderedDict)

    def take(self, verdict: Verdict, seen: Sequence[Seen]) -> None:
        """What a verdict says of the champion's answer and of the shadows'; nothing: it was taken back."""
        _, before = self.of_verdict.pop(verdict.prediction, (None, ()))
        for key in before:
            gone = self.images.pop(key).facts
            for choice, there in self.by_time.items():
                if gone.chosen(choice):
                    there.drop(gone.taken_at, key)
            for bench in self.benches.values():
                bench.remove(key)
        for one in seen:
            self.images[one.judged.key] = one
            for choice, there in self.by_time.items():
                if one.facts.chosen(choice):
                    there.add(one.facts.taken_at, one.judged.key)
            for bench in self.benches.values():
                bench.insert(one.judged)
        if verdict.status in USABLE:
            self.of_verdict[verdict.prediction] = (verdict, tuple(one.judged.key for one in seen))

    def bench(self, name: str, labels: tuple[str, ...]) -> Bench:
        place = (name, labels)
        if place not in self.benches:
            fresh = _supervised(name).bench(labels)
            for one in self.images.values():
                fresh.insert(one.judged)
            self.benches = {one: bench for one, bench in self.benches.items() if one[1] == labels} | {place: fresh}
        return self.benches[place]

    def between(self, choice: Choice, since: Micros, until: Micros) -> list[str]:
        """Keys of the images taken then that are so, in order of time."""
        if choice not in self.by_time:
            chosen = (one for one in self.images.values() if one.facts.chosen(choice))
            self.by_time[choice] = InTime(sorted((one.facts.taken_at, one.judged.key) for one in chosen))
            while len(self.by_time) > _CHOICES:
                self.by_time.popitem(last=False)
        self.by_time.move_to_end(choice)
        return self.by_time[choice].between(since, until)


class Look:
    """The reviewed images of one window, while nothing changes there."""

    def __init__(self, table: Table, deployment: Deployment, label: str | None, keys: list[str]) -> None:
        self.keys = keys
        self._table, self._labels, self._label = table, deployment.labels, label
        self._by_time: dict[tuple[Micros, str], list[tuple[Micros, list[str], tuple[int, int]]]] = {}

    def value(self, name: str) -> dict[str, Any]:
        """One metric; {} where nothing was reviewed."""
        if not self.keys:
            return {}
        keys = None if len(self.keys) == len(self._table.images) else self.keys
        kept = _Kept(name, self._labels, self._label, self._named)
        return _remembered(self._table.answers, kept, _ANSWERS, lambda: self.bench(name).value(keys, self._label))

    def points(self, name: str, width: Micros, zone: str = UTC_NAME) -> list[tuple[Micros, dict[str, Any]]]:
        """The metric of each `width` microseconds that hold a reviewed image, the oldest first, with its `n`."""
        if (width, zone) not in self._by_time:
            by_time: dict[Micros, list[str]] = {}
            for key in self.keys:
                at = self._table.images[key].facts.taken_at
                by_time.setdefault(cut(at, width, zone), []).append(key)
            self._by_time[width, zone] = sorted((at, keys, self._of(keys)) for at, keys in by_time.items())
        return [(at, self._point(name, keys, named)) for at, keys, named in self._by_time[width, zone]]

    def bench(self, name: str) -> Bench:
        return self._table.bench(name, self._labels)

    def _point(self, name: str, keys: list[str], named: tuple[int, int]) -> dict[str, Any]:
        kept = _Kept(name, self._labels, self._label, named)
        return _remembered(self._table.points, kept, _POINTS, lambda: self.bench(name).point(keys, self._label))

    @cached_property
    def _named(self) -> tuple[int, int]:
        return self._of(self.keys)

    def _of(self, keys: Sequence[str]) -> tuple[int, int]:
        """Names exactly these images with exactly these reviews, so that an answer holds whatever the window is called."""
        images = self._table.images
        return len(keys), sum(images[key].mark for key in keys)


class Reviewed:
    """Judges reviewed predictions. Thread-safe, each deployment by itself; what is kept in memory is rebuilt from the verdicts after a restart."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    @contextmanager
    def look(self, connection: Connection, deployment: Deployment, window: Window) -> Iterator[Look]:
        """The window's reviewed images, every verdict there is among them. With a role of "shadow", the shadow's answers to them."""
        with self._lock:
            table = self._tables.setdefault(deployment.id, Table())
        with table.lock:
            _catch_up(connection, deployment, table)
            yield Look(table, deployment, window.label, _within(connection, deployment, table, window))


def _within(connection: Connection, deployment: Deployment, table: Table, window: Window) -> list[str]:
    keys = table.between(Choice.of(window), window.since, window.until)
    if window.query is None:
        return keys
    numbers = {table.images[key].facts.log_seq: key for key in keys}
    found = browse.among(connection, deployment.id, of_log(window), list(numbers))
    return [key for number, key in numbers.items() if number in found]


def _catch_up(connection: Connection, deployment: Deployment, table: Table) -> None:
    more = True
    while more:
        fresh = verdicts.since(connection, table.seq, _AT_ONCE, deployment.id)
        found = seen_of(connection, deployment, fresh)
        for verdict in fresh:
            table.take(verdict, found.get(verdict.prediction, ()))
        table.seq = fresh[-1].seq if fresh else table.seq
        more = len(fresh) == _AT_ONCE
    _late_shadows(connection, deployment, table)


def _late_shadows(connection: Connection, deployment: Deployment, table: Table) -> None:
    """A shadow may answer after the image was reviewed; its answers are judged all the same."""
    last, parents = predictions.shadows_after(connection, deployment.id, table.log_seq if table.of_verdict else None)
    late = [table.of_verdict[parent][0] for parent in sorted(parents & table.of_verdict.keys())]
    found = seen_of(connection, deployment, late)
    for verdict in late:
        table.take(verdict, found.get(verdict.prediction, ()))
    table.log_seq = last


def _remembered(there: OrderedDict[_Kept, dict[str, Any]], kept: _Kept, most: int, compute: Any) -> dict[str, Any]:
    if kept not in there:
        there[kept] = dict(compute())
        while len(there) > most:
            there.popitem(last=False)
    there.move_to_end(kept)
    return there[kept]


def _supervised(name: str) -> Supervised:
    metric = METRICS.get(name)
    if not isinstance(metric, Supervised):
        raise TypeError(f"{name} is not judged by reviews")
    return metric
