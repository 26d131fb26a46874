"""Traces a number back: the query of the log that finds the predictions behind a chart's point, a label's row or a matrix's cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from relens.kit import clock
from relens.kit.calendar import following
from relens.kit.clock import Micros
from relens.metrics.kinds.classification_report import NO_ANSWER
from relens.metrics.kinds.confidence import BINS
from relens.metrics.kinds.detection_report import BACKGROUND
from relens.metrics.mistakes import NOTHING
from relens.monitoring import binned
from relens.monitoring.marking import taken_for
from relens.monitoring.window import Window
from relens.predictions.complete import quoted
from relens.predictions.filing import LONGEST
from relens.predictions.query_detections import of_cell, of_confidence

JUDGED = "taken_for is not empty"
"""Reviewed, and something could be said of the answer."""
_LABELLED = ("label_distribution", "confidence", "box_size", "heatmap")


@dataclass(frozen=True, slots=True)
class Trace:
    """Queries of one window, with all that chooses its predictions."""

    window: Window
    since: Micros
    until: Micros

    def of(self, *conditions: str, since: Micros | None = None, until: Micros | None = None) -> str:
        """All of them and the window's own, between these times."""
        after, before = max(since or self.since, self.since), min(until or self.until, self.until)
        times = [f"taken_at >= {_time(after)}", f"taken_at < {_time(before)}"]
        return " and ".join([*self._chosen(), *conditions, *times])

    def each(self, conditions: Iterable[str | None]) -> list[str | None]:
        """A query for each condition, None for None: of hundreds of bins what they share is written once."""
        before = "".join(f"{one} and " for one in self._chosen())
        times = f"taken_at >= {_time(self.since)} and taken_at < {_time(self.until)}"
        return [None if one is None else f"{before}{one} and {times}" for one in conditions]

    def _chosen(self) -> Iterable[str]:
        w = self.window
        for name, value in (("source", w.source), ("tag", w.tag), ("version", w.model_version), ("role", w.role)):
            if value is not None:
                yield f"{name} = {quoted(value)}"
        if not w.imported:
            yield "origin != imported"
        if w.query is not None:
            yield f"({w.query})"


def series(
    trace: Trace, metric: str, points: Iterable[dict[str, Any]], width: Micros, judged: bool
) -> tuple[dict[str, Any], ...]:
    """Each point with its query."""
    more = [JUDGED] if judged else []
    if trace.window.label is not None and (judged or metric in _LABELLED):
        more.append(_of_label(trace.window.label, judged))
    if metric == "errors":
        more.append("error is not empty")
    made = []
    for point in points:
        times = {"since": point["t"], "until": following(point["t"], width, trace.window.zone)}
        made.append({**point, "query": trace.of(*more, **times), **_flagged(trace, point, **times)})
    return tuple(made)


def _flagged(trace: Trace, found: dict[str, Any], **times: Micros) -> dict[str, Any]:
    """Of outlier scores: the images that are flagged."""
    above = found.get("flagged_above")
    return {} if above is None else {"flagged_query": trace.of(f"outlier > {above:g}", **times)}


def value(trace: Trace, metric: str, found: dict[str, Any], whole_image: bool) -> dict[str, Any]:
    """The value with queries beside its rows and cells, as far as the log can be asked for them."""
    made = {**found, **_flagged(trace, found)}
    if metric in ("label_distribution", "support", "detection_report", "classification_report", "average_precision"):
        judged = metric.endswith(("report", "precision"))
        made["labels"] = {
            label: {**row, "query": trace.of(*([JUDGED] if judged else []), _of_label(label, judged))}
            for label, row in found.get("labels", {}).items()
        }
    if "confusion" in found:
        made["confusion"] = _matrix(trace, found["confusion"])
    if metric == "detection_report":
        only = [] if trace.window.label is None else [_of_label(trace.window.label, True)]
        made["error_queries"] = {kind: trace.of(f"mistake = {kind}", *only) for kind, n in found["errors"].items() if n}
    if metric == "errors":
        made["kind_queries"] = {kind: trace.of(f"error = {quoted(kind)}") for kind in found["kinds"]}
    if metric == "detections_per_image":
        made["count_queries"] = trace.each(f"count = {k}" if n else None for k, n in enumerate(found["counts"]))
    if metric == "confidence":
        one = _bin if whole_image else _bin_of_some
        made["bin_queries"] = trace.each(
            one(b, trace.window.label) if n else None for b, n in enumerate(found["counts"])
        )
    if metric == "heatmap":
        made["cell_queries"] = trace.each(
            _detection(of_cell(i % found["side"], i // found["side"], trace.window.label)) for i, _ in found["cells"]
        )
    if metric == "box_size":
        made |= binned.box_sizes(found, trace.window.label, trace.each)
    if metric == "image_size":
        made |= binned.image_sizes(found, trace.each)
    if metric == "image_statistics":
        made = binned.looks(found, trace.each)
    if metric == "outlier":
        counts = found["counts"]
        made["bin_queries"] = trace.each(_score(b, len(counts)) if n else None for b, n in enumerate(counts))
    return made


def _bin_of_some(b: int, label: str | None) -> str:
    return _detection(of_confidence(b / BINS, (b + 1) / BINS, label))


def _detection(written: str) -> str:
    return f"detection = {quoted(written)}"


def _matrix(trace: Trace, confusion: dict[str, Any]) -> dict[str, Any]:
    rows, columns = (confusion.get(name, confusion["labels"]) for name in ("rows", "columns"))
    cells = [
        [_cell(trace, true, said) if n else None for said, n in zip(columns, counts, strict=True)]
        for true, counts in zip(rows, confusion["counts"], strict=True)
    ]
    return {**confusion, "queries": cells}


def _cell(trace: Trace, true: str, said: str) -> str | None:
    """None where the labels are too long to be filed under."""
    written = taken_for(*(NOTHING if label in (BACKGROUND, NO_ANSWER) else label for label in (true, said)))
    return trace.of(f"taken_for = {quoted(written)}") if len(written) <= LONGEST else None


def _bin(b: int, label: str | None) -> str:
    top = "<=" if b + 1 == BINS else "<"
    of_it = "" if label is None else f"{_of_label(label, False)} and "
    return f"{of_it}count > 0 and confidence >= {b / BINS:g} and confidence {top} {(b + 1) / BINS:g}"


def _score(b: int, bins: int) -> str:
    """Bins of outlier scores hold their upper end; the first one holds 0 too."""
    above = f"outlier > {b / bins:g} and " if b else ""
    return f"{above}outlier <= {(b + 1) / bins:g}"


def _of_label(label: str, judged: bool) -> str:
    said = f"label = {quoted(label)}"
    return f"({said} or truth = {quoted(label)})" if judged else said


@lru_cache(4096)  # every chart of a page has points at the same times
def _time(at: Micros) -> str:
    return clock.to_text(at).replace(".000000Z", "Z")
