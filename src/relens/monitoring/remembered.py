"""Sums that were read a moment ago, ready to be added: of a month only what has changed since is read from the database again.

They are unpacked numbers, so that a page that is asked for every few seconds costs what is new in it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from relens.kit.clock import DAY, HOUR, Micros
from relens.metrics.metric import State
from relens.monitoring import store, sums
from relens.monitoring.bucket import Cell
from relens.monitoring.span import SPANS, Span, Stretch, begin
from relens.predictions import store as predictions

_QUESTIONS = 8
_MOST_SPANS = 5_000
"""Windows move on, and what they have left behind is not needed any more."""
_MOST_NEW = 20_000
"""After more lines than this everything is read anew; it costs as much as finding out what has changed."""

Cells = list[tuple[Cell, State]]
_Place = tuple[Span, Micros]


@dataclass(slots=True)
class _Known:
    """Sums by span, as they were when the log was counted up to `log_seq` and nothing else had changed them since `disturbed`."""

    log_seq: int
    disturbed: int
    spans: dict[_Place, Cells] = field(default_factory=dict)

    def without(self, hours: Collection[Micros]) -> None:
        for hour in hours:
            for span in SPANS:
                self.spans.pop((span, begin(span, hour)), None)


class Remembered:
    """The latest questions; thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def cells(self, connection: Connection, deployment: str, metrics: Collection[str], which: sums.Which) -> Cells:
        """What `sums.cells` answers. The states are shared: nobody may change them."""
        cursor = store.cursors(connection).get(deployment)
        if cursor is None or cursor.clearing or which.stretches is None:
            return list(sums.cells(connection, deployment, metrics, which))
        disturbed = sums.disturbed(connection)
        key = (deployment, frozenset(metrics), which._replace(stretches=None))
        with self._lock:
            known = self._known.get(key)
            outdated = known is None or known.disturbed != disturbed or len(known.spans) > _MOST_SPANS
            if known is None or outdated or not 0 <= cursor.log_seq - known.log_seq <= _MOST_NEW:
                known = _Known(cursor.log_seq, disturbed)
            elif known.log_seq != cursor.log_seq:
                # A fresh one, as somebody else may be reading from the old one.
                changed = predictions.hours_between(connection, deployment, known.log_seq, cursor.log_seq)
                known = _Known(cursor.log_seq, disturbed, dict(known.spans))
                known.without(changed)
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _QUESTIONS:
                self._known.popitem(last=False)
        found: Cells = []
        for stretch in which.stretches:
            places = list(_places(stretch))
            missing = [at for span, at in places if (span, at) not in known.spans]
            if missing:
                fresh: dict[_Place, Cells] = {(stretch.span, at): [] for at in missing}
                read = Stretch(stretch.span, missing[0], missing[-1] + 1)
                for cell, state in sums.cells(connection, deployment, metrics, which._replace(stretches=[read])):
                    if (place := (stretch.span, cell.bucket.hour)) in fresh:
                        fresh[place].append((cell, state))
                known.spans.update(fresh)
            for place in places:
                found += known.spans[place]
        return found


def _places(stretch: Stretch) -> Iterator[_Place]:
    at = begin(stretch.span, stretch.since)
    while at < stretch.until:
        yield stretch.span, at
        at = begin(stretch.span, at + {"hour": HOUR, "day": DAY, "month": 32 * DAY}[stretch.span])
