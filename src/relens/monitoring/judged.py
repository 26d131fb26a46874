"""Reviewed predictions as metrics judge them: what was said, what is true, and what chooses them into a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import Micros
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import WITH_SHAPES, Judged
from relens.monitoring import match_rows
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review.verdict import USABLE, Verdict


class Choice(NamedTuple):
    """What a window asks of a prediction beside its time. `queried`: a query decides about shadows, if no role is asked for."""

    source: str | None
    model_version: str | None
    role: str | None
    tag: str | None
    imported: bool
    queried: bool

    @staticmethod
    def of(window: Window) -> Choice:
        queried = window.query is not None
        return Choice(window.source, window.model_version, window.role, window.tag, window.imported, queried)


@dataclass(frozen=True, slots=True)
class Facts:
    """What chooses a reviewed prediction into a window."""

    log_seq: int
    taken_at: Micros
    source: str | None
    model_version: str | None
    role: str
    tags: tuple[str, ...]
    imported: bool

    def within(self, window: Window) -> bool:
        """Whatever the window's query, which only the log can answer; a query may itself ask for shadows."""
        return window.since <= self.taken_at < window.until and self.chosen(Choice.of(window))

    def chosen(self, choice: Choice) -> bool:
        return (
            choice.source in (None, self.source)
            and choice.model_version in (None, self.model_version)
            and (self.role == choice.role if choice.role else choice.queried or self.role != "shadow")
            and (choice.tag is None or choice.tag in self.tags)
            and (choice.imported or not self.imported)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """One prediction beside the review of its image; `seq` is the review's latest change.

    `mark`: 128 bits that stand for exactly this prediction with this review; the sum of marks stands for a set of images.
    """

    facts: Facts
    judged: Judged
    seq: int
    mark: int

    @staticmethod
    def of(facts: Facts, judged: Judged, seq: int) -> Seen:
        digest = blake2b(f"{judged.key} {seq}".encode(), digest_size=16).digest()
        return Seen(facts, judged, seq, int.from_bytes(digest))


def seen_of(connection: Connection, deployment: Deployment, said: Sequence[Verdict]) -> dict[str, list[Seen]]:
    """What these verdicts say of the predictions that were reviewed, and of the shadows' answers to the same images.

    What failed answered nothing that could be right or wrong; what was matched before is not matched again.
    """
    usable = {one.prediction: one for one in said if one.status in USABLE}
    lines = predictions.several(connection, list(usable))
    groups = {line.id: [line] for line in lines}
    for line in predictions.shadows(connection, list(groups)):
        groups[str(line.parent)].append(line)
    groups = {prediction: [one for one in group if one.error is None] for prediction, group in groups.items()}
    matched = match_rows.several(connection, [one.id for group in groups.values() for one in group])
    found: dict[str, list[Seen]] = {}
    for prediction, group in groups.items():
        verdict = usable[prediction]
        found[prediction] = []
        for line in group:
            judged = Judged(line.id, line.detections, verdict.annotations, line.threshold, line.width, line.height)
            if deployment.task in WITH_SHAPES:
                seq, matches = matched.get(line.id, (0, None))
                # All metrics rest on one matching.
                judged = replace(
                    judged, matches=matches if seq == verdict.seq and matches is not None else matches_of(judged)
                )
            found[prediction].append(Seen.of(facts_of(line), judged, verdict.seq))
    return found


def facts_of(line: Logged) -> Facts:
    """Of a line of the log."""
    return Facts(
        line.log_seq, line.taken_at, line.source, line.model_version, line.role, line.tags, line.origin == "imported"
    )
