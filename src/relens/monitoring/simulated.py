"""What the random checks say of the champion at every threshold: precision, recall and F1 of each label, and where to set it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.spoken import percent
from relens.metrics.any_threshold import Curves, Said, curves
from relens.metrics.estimate import LEAST_REVIEWS
from relens.metrics.kinds.average_precision import Matches
from relens.metrics.traffic import LEAST_OF_A_LABEL, TOLERATED_SKIPS
from relens.monitoring.checked import Checked, Row, Weighed

Some = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Scores, right, counted."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """By label, in the deployment's order, and of all together; `reviews` random checks of the champion's answers were judged."""

    all: Curves
    labels: Mapping[str, Curves]
    reviews: int


def simulated(connection: Connection, deployment: Deployment, checked: Checked) -> Simulated:
    """Rests on the answers of the champion alone, also those it gave as a shadow: a threshold belongs to a version."""
    rows = [
        one
        for one in checked.rows(connection, deployment)
        if one.row.usable and one.row.facts.model_version == deployment.champion
    ]
    matched = checked.matches(deployment, [one.row.key for one in rows])
    found = [_of_row(one.row, matched.get(one.row.key)) for one in rows]
    fresh = {label for one in found for label in one} | {label for one in rows for label in one.row.objects}
    labels = [*deployment.labels, *sorted(fresh - set(deployment.labels))]
    return Simulated(
        curves(_said(rows, found, None)),
        {label: curves(_said(rows, found, label)) for label in labels},
        sum(one.row.known for one in rows),
    )


def needs(found: Curves, reviews: int) -> str | None:
    """What is missing until something can be advised."""
    if reviews < LEAST_REVIEWS:
        return f"about {LEAST_REVIEWS - reviews} more random checks of this version’s answers"
    if found.images < LEAST_OF_A_LABEL:
        more = round((LEAST_OF_A_LABEL - found.images) * reviews / max(found.images, 1))
        return f"{LEAST_OF_A_LABEL} checked images with it, about {more} more random checks"
    if not found.objects:
        return "checked images in which it is true: nobody found any yet"
    if found.best_f1 is None:
        return "answers that are right: none was so far, at any threshold"
    if found.skipped > TOLERATED_SKIPS:
        return f"fewer skipped checks: {percent(found.skipped)} were passed by, and the intervals allow for all they could hold"
    return None


def _of_row(row: Row, matches: Matches | None) -> dict[str, Some]:
    """What was said of one image, by label."""
    if row.top is not None:
        label, score = row.top
        right = row.objects.get(label, 0.0) > 0
        return {label: (np.array([score]), np.array([right]), np.array([True]))}
    if matches is not None:
        return {
            str(label): (one.scores, (one.hits[:, 0] & 1) != 0, (one.ignored[:, 0] & 1) == 0)
            for label, one in matches.items()
        }
    return {
        label: (scores, np.zeros(len(scores), dtype=bool), np.ones(len(scores), dtype=bool))
        for label, scores in row.unjudged.items()
    }


def _said(rows: Sequence[Weighed], found: Sequence[Mapping[str, Some]], label: str | None) -> Said:
    image: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
    parts: list[Some] = [(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))]
    for place, by_label in enumerate(found):
        for one in by_label.values() if label is None else [by_label[label]] if label in by_label else []:
            image.append(np.full(len(one[0]), place))
            parts.append(one)
    score, right, counted = (np.concatenate([part[column] for part in parts]) for column in range(3))
    objects = [sum(one.row.objects.values()) if label is None else one.row.objects.get(label, 0.0) for one in rows]
    return Said(
        np.concatenate(image),
        score,
        right.astype(bool),
        counted.astype(bool),
        np.array(objects, dtype=np.float64),
        np.array([one.probability for one in rows]),
        np.array([one.row.known for one in rows], dtype=bool),
    )
