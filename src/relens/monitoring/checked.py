"""The random checks of a deployment as estimates need them: each matched once, kept in memory, and looked at again only when its review changes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.average_precision import ApStore
from relens.metrics.kinds.average_precision import Matches, Ranked, matches_of
from relens.metrics.kinds.confidence import BINS
from relens.metrics.matching import LabelMatch
from relens.metrics.metric import Judged
from relens.monitoring import match_rows
from relens.monitoring.judged import Facts, facts_of
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import checks, store
from relens.review.checks import Drawn
from relens.review.verdict import USABLE, Verdict
from relens.vision.prediction import Detection

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One answer to an image that was drawn. By label: `answers` and `right` ones by confidence (BINS,), how many answers are `counted`.

    `objects` by label: what there was to be found. `known` False: nobody judged it; `usable` False: it shows nothing that could be judged.
    `unjudged` by label: the confidences of what was said of an image with shapes that nobody judged, the surest first.
    `top`: of a whole image the surest label and its confidence, whether it was answered or not.
    """

    key: str
    facts: Facts
    asset: str
    known: bool
    usable: bool
    answers: Mapping[str, Floats]
    right: Mapping[str, Floats]
    counted: Mapping[str, float]
    objects: Mapping[str, float]
    threshold: float
    unjudged: Mapping[str, Floats] = field(default_factory=dict)
    top: tuple[str, float] | None = None


class Weighed(NamedTuple):
    """A row and the probability with which its image came to be looked at."""

    row: Row
    probability: float


@dataclass
class _Table:
    lock: threading.Lock = field(default_factory=threading.Lock)
    log_seq: int | None = None
    """Shadows up to here are beside the images they saw."""
    rows: dict[str, tuple[tuple[int, str], list[Row]]] = field(default_factory=dict)
    ranked: Ranked = field(default_factory=lambda: Ranked(()))


class Checked:
    """Thread-safe, each deployment by itself; built again from the reviews after a restart."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        self._lock = threading.Lock()

    def rows(self, connection: Connection, deployment: Deployment) -> list[Weighed]:
        """Every answer to an image that was drawn, the shadows' too."""
        drawn = {one.prediction: one for one in checks.sample(connection, deployment.id)}
        table = self._table(deployment)
        with table.lock:
            self._catch_up(connection, deployment, table, drawn)
            return [Weighed(row, drawn[key].probability) for key, (_, rows) in table.rows.items() for row in rows]

    def ranked(self, deployment: Deployment, keys: Sequence[str]) -> ApStore:
        """The matches of these rows, in a store of their own."""
        table = self._table(deployment)
        with table.lock:
            return table.ranked.store([key for key in keys if key in table.ranked.matches])

    def matches(self, deployment: Deployment, keys: Sequence[str]) -> dict[str, Matches]:
        """What of these rows is right and what is not, down to the log's floor; nothing of whole images."""
        table = self._table(deployment)
        with table.lock:
            return {key: table.ranked.matches[key] for key in keys if key in table.ranked.matches}

    def _table(self, deployment: Deployment) -> _Table:
        with self._lock:
            return self._tables.setdefault(deployment.id, _Table())

    def _catch_up(
        self, connection: Connection, deployment: Deployment, table: _Table, drawn: Mapping[str, Drawn]
    ) -> None:
        last, late = predictions.shadows_after(connection, deployment.id, table.log_seq)
        for gone in [key for key in table.rows if key not in drawn]:
            _forget(table, gone)
        fresh = [
            one
            for key, one in drawn.items()
            if key in late or key not in table.rows or table.rows[key][0] != (one.seq, one.status)
        ]
        said = store.of_predictions(connection, [one.reviewed for one in fresh])
        ids = [one.prediction for one in fresh]
        lines = [*predictions.several(connection, ids), *predictions.shadows(connection, ids)]
        matched = match_rows.several(connection, [line.id for line in lines])
        for one in fresh:
            _forget(table, one.prediction)
            table.rows[one.prediction] = ((one.seq, one.status), [])
        for line in lines:
            check = drawn[line.id if line.id in drawn and line.role != "shadow" else str(line.parent)]
            if line.error is not None:
                continue
            verdict = said.get(check.reviewed) if check.status in USABLE else None
            row, matches = _row(line, check, verdict, deployment.task == "classification", matched.get(line.id))
            if deployment.task == "classification":
                row = replace(row, top=next(((one.label, one.confidence) for one in line.detections), None))
            table.rows[check.prediction][1].append(row)
            if matches is not None:
                table.ranked.hold(row.key, matches)
        table.log_seq = last


def _forget(table: _Table, prediction: str) -> None:
    _, rows = table.rows.pop(prediction, (None, ()))
    for row in rows:
        table.ranked.remove(row.key)


def _row(
    line: Logged, check: Drawn, verdict: Verdict | None, whole: bool, matched: tuple[int, Matches | None] | None
) -> tuple[Row, Matches | None]:
    answered = line.answered[:1] if whole else line.answered
    answers = _by_label(answered)
    facts = facts_of(line)
    if verdict is None:
        unusable = check.status == "unusable"
        said = {label: float(counts.sum()) for label, counts in answers.items()}
        nothing: dict[str, Floats] = {}
        row = Row(
            line.id,
            facts,
            line.asset,
            unusable,
            not unusable,
            answers,
            nothing,
            {} if unusable else said,
            {},
            line.threshold,
        )
        return row if unusable or whole else replace(row, unjudged=_confidences(line)), None
    if whole:
        true = [annotation.label for annotation in verdict.annotations]
        right = _by_label([found for found in answered if true == [found.label]])
        counted = {found.label: 1.0 for found in answered}
        objects: dict[str, float] = dict(Counter(true))
        return Row(line.id, facts, line.asset, True, True, answers, right, counted, objects, line.threshold), None
    judged = Judged(line.id, line.detections, verdict.annotations, line.threshold, line.width, line.height)
    known = matched is not None and matched[0] == verdict.seq and check.reviewed == check.prediction
    matches = matched[1] if known and matched is not None else None
    if matches is None:
        matches = matches_of(judged)
    right, counted, objects = {}, {}, {}
    for label, match in matches.items():
        right[label], counted[label], objects[label] = at_threshold(match, line.threshold)
    return Row(line.id, facts, line.asset, True, True, answers, right, counted, objects, line.threshold), matches


def at_threshold(match: LabelMatch, threshold: float) -> tuple[Floats, float, float]:
    """Of one label of an image: right answers by confidence (BINS,), answers that count (like the plain report, not those on a crowd), objects."""
    said = match.scores >= threshold
    hits = match.scores[said & ((match.hits[:, 0] & 1) != 0)]
    counted = np.count_nonzero(said & ((match.ignored[:, 0] & 1) == 0))
    return by_confidence(hits), float(counted), float(match.positives[0])


def _confidences(line: Logged) -> dict[str, Floats]:
    by_label: dict[str, list[float]] = {}
    for found in line.detections:
        by_label.setdefault(found.label, []).append(found.confidence)
    return {label: np.sort(np.array(values))[::-1] for label, values in by_label.items()}


def _by_label(found: Sequence[Detection]) -> dict[str, Floats]:
    by_label: dict[str, list[float]] = {}
    for one in found:
        by_label.setdefault(one.label, []).append(one.confidence)
    return {label: by_confidence(np.array(values)) for label, values in by_label.items()}


def by_confidence(confidences: Floats) -> Floats:
    """How many answers lie in each bin of the confidence histogram, (BINS,)."""
    bins = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    return np.bincount(bins, minlength=BINS).astype(np.float64)
