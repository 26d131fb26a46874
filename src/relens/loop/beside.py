"""A shadow is judged on the random checks that arrived while it ran: both answers to them are in the log.

It is looked at again and again as reviews come, so its interval is one that holds at every look at once (an asymptotic confidence
sequence), from LEAST images on and each EVERY more. A fixed interval would be wrong at some look far more often than it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from relens.datasets import store as datasets
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.errors import NotFound
from relens.kit.spoken import signed
from relens.loop import store
from relens.loop.compare import MAIN, compare
from relens.loop.decision import Decision
from relens.loop.demands import CRITICAL_LOSS
from relens.loop.from_log import Beside, evaluated
from relens.loop.gate import Comparison, Floors, GateDecision, Labels, Objection, decide
from relens.loop.parts import Part, by_label
from relens.loop.policy import ContinuousDeployment, Demands
from relens.loop.promote import after_shadow
from relens.loop.trial import words_of
from relens.loop.vocabulary import Vocabulary, named
from relens.metrics.estimate import always_factor
from relens.predictions import store as predictions
from relens.registry import store as registry
from relens.review import store as verdicts
from relens.review.checks import Check, checks
from relens.review.verdict import USABLE
from relens.serving.quietly import quietly
from relens.vision.annotation import Annotation

LEAST, EVERY = 100, 25
FLOORS = Floors(images=LEAST, objects=LEAST, clear_images=LEAST)
_ONE_SIDED = 1.645
_SURE, _CLEAR = 0.10, 0.02
"""Two-sided levels: 95 % and 99 % on the one side that counts."""


class Shadows:
    """Follows the shadows that the loop put beside their champions; `step` is for a follower."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked: dict[str, tuple[object, object]] = {}

    def step(self) -> None:
        with self._database.read() as connection:
            used = {one.id for one in deployments.all_of_them(connection)}
            running = [one for one in store.shadows(connection) if one.deployment in used]
            reviewed = verdicts.last_seq(connection) if running else 0
            chosen = {one.deployment: store.policies(connection, one.deployment) for one in running}
        self._looked = {one.id: self._looked[one.id] for one in running if one.id in self._looked}
        for decision in running:
            settings = chosen[decision.deployment]
            now, (before, at) = (reviewed, settings), self._looked.get(decision.id, (None, None))
            if now != before and settings.in_force == "shadow":
                self._looked[decision.id] = (now, self._look(decision, settings.rollout, at))

    def _look(self, decision: Decision, rollout: ContinuousDeployment, looked_at: object) -> object:
        """What it was looked at with: nothing is said again before EVERY more images came, or another wish."""
        with self._database.read() as connection:
            deployment = deployments.get(connection, decision.deployment)
            if (deployment.champion, deployment.shadow) != (decision.champion, decision.candidate):
                return looked_at
            words = _words(connection, decision)
            images = fresh(connection, deployment, decision, words)
        number = len(images) if len(images) < LEAST else len(images) - len(images) % EVERY
        if (number, rollout) != looked_at:
            said = quietly(lambda: judged(deployment.task, words, images, _gains(decision.numbers), rollout.demands))
            self._database.write(partial(after_shadow, decision_id=decision.id, said=said, images=len(images)))
        return number, rollout


def fresh(connection: Connection, deployment: Deployment, decision: Decision, words: Vocabulary) -> tuple[Beside, ...]:
    """The random checks that the champion answered and the shadow saw since it has that role; an image that came twice counts once."""
    since = deployments.since_of(connection, deployment.id, "shadow") or decision.at
    drawn: dict[str, Check] = {one.prediction: one for one in checks(connection, deployment.id)}
    usable = {key: one for key, one in drawn.items() if one.verdict is not None and one.status in USABLE}
    lines = [
        line
        for line in predictions.several(connection, list(usable))
        if line.logged_at >= since and line.role == "champion" and line.model_version == decision.champion
    ]
    beside = {line.parent: line for line in predictions.shadows(connection, [line.id for line in lines])}
    found: dict[str, Beside] = {}
    for line in lines:
        shadow, check = beside.get(line.id), usable[line.id]
        if shadow is None or shadow.model_version != decision.candidate or check.verdict is None:
            continue
        true = _in_common(check.verdict.annotations, words)
        if deployment.task == "classification" and (not true or true[0].label not in words.labels.shared):
            continue
        found[line.asset] = Beside(line, shadow, true, check.probability)
    return tuple(found.values())


def judged(
    task: str,
    words: Vocabulary,
    images: Sequence[Beside],
    gains: tuple[str, ...] = (),
    demands: Demands = Demands(),
) -> GateDecision:
    """What the gate says of these images, each weighed by 1 / probability, at this look as at any other.

    Of the demands only the critical labels can have changed since the test images were looked at.
    """
    labels = words.labels
    champion = evaluated(task, labels.shared, images, shadow=False, names=words.champion)
    shadow = evaluated(task, labels.shared, images, shadow=True, names=words.candidate)
    raw = {one.champion.asset: 1 / one.probability for one in images}
    mean = sum(raw.values()) / len(raw) if raw else 1.0
    weights = {asset: weight / mean for asset, weight in raw.items()}
    whole = champion.correct is not None
    objects = sum(not one.crowd for image in images for one in image.annotations if one.label in labels.shared)
    compared = compare(MAIN[task], champion, shadow, None if whole else objects, weights)
    watched = [label for label in words.demands(demands).critical if label in labels.shared]
    against = [_fallen(part, len(images)) for part in by_label(champion, shadow, watched, weights)] if compared else []
    said = decide(
        None if compared is None else always(compared),
        labels,
        gains=gains,
        objections=tuple(one for one in against if one is not None),
        test_share=1.0,
        floors=FLOORS,
    )
    return replace(said, numbers={**said.numbers, "least": LEAST})


def _fallen(part: Part, images: int) -> Objection | None:
    """A critical label that has fallen by more than may be lost, as far as is seen, holds its version back; one that has fallen for sure ends it."""
    lower, difference = part.lower, part.difference
    if lower is None or difference is None or part.state == "not assessed" or difference > -CRITICAL_LOSS:
        return None
    error = (difference - lower) / _ONE_SIDED
    span = f"{signed(difference * 100)} points on {part.count} of its objects"
    if difference + always_factor(images, _SURE) * error < 0:
        return Objection(f"it is worse on the critical label {part.name} ({span})", True)
    return Objection(f"the critical label {part.name} may have fallen ({span})", False, EVERY)


def _words(connection: Connection, decision: Decision) -> Vocabulary:
    """Those in which the candidate was judged before it ran."""
    champion, candidate = (registry.get(connection, one) for one in (decision.champion, decision.candidate))
    try:
        return words_of(connection, champion, candidate, datasets.get(connection, decision.dataset_version))
    except NotFound:
        return Vocabulary(Labels(champion.labels, candidate.labels))


def _in_common(said: tuple[Annotation, ...], words: Vocabulary) -> tuple[Annotation, ...]:
    """People said it in the names of the champion, or in those of the dataset."""
    return named(said, {**words.champion, **words.data})


def always(seen: Comparison) -> Comparison:
    """The same with bounds that hold at every look."""
    if seen.groups < 2:
        return replace(seen, of="random check")
    sure, clear = (always_factor(seen.groups, alpha) * seen.standard_error for alpha in (_SURE, _CLEAR))
    return replace(
        seen,
        lower=seen.difference - sure,
        upper=seen.difference + sure,
        lower_clear=seen.difference - clear,
        of="random check",
    )


def _gains(numbers: Mapping[str, Any]) -> tuple[str, ...]:
    """What spoke for the candidate before the gate does so beside the champion too."""
    newer = int(numbers.get("newer_images") or 0)
    return (f"it has learned {newer} images that the champion never saw",) if newer > 0 else ()
