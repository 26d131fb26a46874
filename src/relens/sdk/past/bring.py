"""Brings production of the past into the log: looked at first, then sent, what is there already left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from relens.kit.errors import Invalid
from relens.sdk.deployment import Deployment
from relens.sdk.errors import Refused
from relens.sdk.past.found import Past
from relens.vision.decode import peek

AT_ONCE, BYTES = 100, 32 << 20
_HEADER = 1 << 18
Progress = Callable[[int], None]


@dataclass
class Report:
    """What importing would do, or has done: `fresh` predictions, `known` before, each problem with its place."""

    fresh: int = 0
    known: int = 0
    first: str | None = None
    last: str | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    unknown_labels: Counter[str] = field(default_factory=Counter)

    def spans(self, first: str | None, last: str | None) -> None:
        times = [time for time in (self.first, first, self.last, last) if time is not None]
        self.first, self.last = min(times, default=None), max(times, default=None)


def look(
    deployment: Deployment, found: Iterable[Past], *, file_times: bool = False, progress: Progress = lambda _: None
) -> Report:
    """What importing them would do; nothing is sent but numbers, and nothing is logged."""
    report = Report()
    for batch in _batches(found):
        ready = _ready(batch, report, file_times)
        _checked(deployment, ready, report)
        progress(len(batch))
    return report


def bring(
    deployment: Deployment, found: Iterable[Past], *, file_times: bool = False, progress: Progress = lambda _: None
) -> Report:
    """Sends those the log does not have, with their images; those with problems are left out and reported."""
    report = Report()
    for batch in _batches(found):
        ready = _ready(batch, report, file_times)
        new = _checked(deployment, ready, report)
        for piece in _by_size(new):
            _sent(deployment, piece, report)
        progress(len(batch))
    return report


def _batches(found: Iterable[Past]) -> Iterator[list[Past]]:
    source = iter(found)
    while batch := list(islice(source, AT_ONCE)):
        yield batch


def _ready(batch: Sequence[Past], report: Report, file_times: bool) -> list[Past]:
    """Those that can be sent, with the size of their image."""
    ready: list[Past] = []
    for past in batch:
        problem = past.problem
        if problem is None:
            try:
                _complete(past, file_times)
            except (Invalid, OSError) as error:
                problem = str(error)
        if problem is None:
            ready.append(past)
        else:
            report.problems.append((past.place, problem))
    return ready


def _complete(past: Past, file_times: bool) -> None:
    item = past.item
    item["origin"] = "imported"
    if past.image is not None:
        if not past.image.is_file():
            raise Invalid(f"its image {past.image} is not there")
        with past.image.open("rb") as file:
            header = file.read(_HEADER)
            try:
                item["width"], item["height"], _ = peek(header)
            except Invalid:
                item["width"], item["height"], _ = peek(header + file.read())
    if item.get("taken_at") is None:
        if not (file_times and past.image is not None):
            raise Invalid("it does not say when it was taken: --file-times takes the time of the image's file")
        item["taken_at"] = datetime.fromtimestamp(past.image.stat().st_mtime, UTC).isoformat()


def _checked(deployment: Deployment, ready: list[Past], report: Report) -> list[Past]:
    """Those that are new and right."""
    if not ready:
        return []
    said: dict[str, Any] = deployment.check([past.item for past in ready])
    for problem in said["problems"]:
        report.problems.append((ready[problem["item"]].place, problem["problem"]))
    report.fresh += said["fresh"]
    report.known += said["known"]
    report.unknown_labels.update(said["unknown_labels"])
    report.spans(said["first"], said["last"])
    out = {*said["known_items"], *(problem["item"] for problem in said["problems"])}
    return [past for place, past in enumerate(ready) if place not in out]


def _by_size(ready: Sequence[Past]) -> Iterator[list[Past]]:
    piece: list[Past] = []
    size = 0
    for past in ready:
        length = past.image.stat().st_size if past.image is not None else 0
        if piece and size + length > BYTES:
            yield piece
            piece, size = [], 0
        piece.append(past)
        size += length
    if piece:
        yield piece


def _sent(deployment: Deployment, piece: list[Past], report: Report) -> None:
    """All of it; one that is refused is reported and the rest is sent."""
    while piece:
        items = [past.item | ({"image": past.image} if past.image is not None else {}) for past in piece]
        try:
            deployment.log_now(items)
            return
        except Refused as refused:
            place = refused.problem.get("item")
            if len(piece) > 1 and not isinstance(place, int):
                for past in piece:
                    _sent(deployment, [past], report)
                return
            if refused.status not in (409, 413, 422):
                raise
            wrong = piece.pop(place if isinstance(place, int) and place < len(piece) else 0)
            report.fresh -= 1
            report.problems.append((wrong.place, str(refused)))
        except Invalid as error:  # an image that cannot be opened: found while the form is made
            if len(piece) == 1:
                report.fresh -= 1
                report.problems.append((piece[0].place, str(error)))
                return
            for past in piece:
                _sent(deployment, [past], report)
            return
