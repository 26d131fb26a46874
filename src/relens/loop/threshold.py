"""What the threshold that stands would mean for a candidate, and with which one it answers once it is champion. Pure.

A confidence means something in one version only: the next one may be as good and say 0.4 where the one before said 0.06. So the test
images that the gate decides on also say what the present threshold does to the candidate, and where its own best one lies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.paired import paired_ratio, paired_shortfall
from relens.training.evaluate import Evaluated
from relens.training.threshold import HIGHEST, LOWEST

Floats = NDArray[np.float64]

CLEAR = 0.02
"""By more than this the candidate loses, on the side of the one-sided 95 % bound that is kindest to the threshold, where it is clearly worse."""
LEAST_IMAGES = 15


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a version's answers are worth from `threshold` on. `precision` of its answers are right, and `recall` of the objects found.

    Of a classifier: of its answers and of all images. The rates weigh each image as the gate does; `answers` and those that are
    `wrong` are counted. None: it answers nothing, or there is nothing to find.
    """

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    answers: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Carried:
    """Champion and candidate (`kept`) with the threshold at which the candidate was judged, on the same `images`.

    `best`: where the candidate's F1 is best; of a classifier, the lowest from which its answers are as often right as the champion's
    are now. None: the images tell of none. `worse`: the threshold is clearly worse for the candidate than for the champion.
    """

    champion: AtThreshold
    kept: AtThreshold
    best: AtThreshold | None
    worse: bool
    whole_image: bool
    images: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(written: Mapping[str, Any] | None) -> Carried | None:
        """None for decisions from before this was kept, and for classifiers without a threshold."""
        if written is None:
            return None
        best = AtThreshold(**written["best"]) if written["best"] else None
        at = {"champion": AtThreshold(**written["champion"]), "kept": AtThreshold(**written["kept"]), "best": best}
        return Carried(**{**written, **at})

    @property
    def elsewhere(self) -> AtThreshold | None:
        """The better place, where that is another than the present one."""
        return self.best if self.best is not None and self.best.threshold != self.kept.threshold else None

    def sentence(self) -> str:
        """What the present threshold would do, and the better one."""
        say = self._unsure if self.whole_image else _rates
        said = f"With the present threshold of {self.kept.threshold:g}, {say(self.kept)}"
        if self.elsewhere is None:
            return f"{said}; no other would suit it better."
        why = "its answers are as often right as the champion's" if self.whole_image else "its F1 is best"
        clearly = ". The present one is clearly worse for it than for the champion" if self.worse else ""
        return f"{said}; {why} from {self.elsewhere.threshold:g} on: {say(self.elsewhere)}{clearly}."

    def _unsure(self, at: AtThreshold) -> str:
        return f"{_share(at.precision)} of its answers are right, {self.images - at.answers} of {self.images} images stay unsure"


def carried(
    champion: Evaluated,
    candidate: Evaluated,
    labels: Collection[str],
    threshold: float,
    weights: Mapping[str, float],
) -> Carried | None:
    """What `threshold`, the deployment's, does to each; of detectors, `labels` count. `weights` by asset, else 1.

    None where there is nothing to tell: no image, nothing on any and nothing said of it, or a classifier that is never unsure.
    """
    whole = champion.correct is not None
    if not champion.images or (whole and threshold <= 0.0):
        return None
    weight = np.array([weights.get(asset, 1.0) for asset in champion.assets])
    before, after = _said(champion, labels), _said(candidate, labels)
    now, kept = _at(before, threshold, weight), _at(after, threshold, weight)
    if now.f1 is None and kept.f1 is None:
        return None
    place = _as_right(after, weight, now.precision) if whole else _best_f1(after, weight)
    best = None if place is None else _at(after, place, weight)
    if best is not None and not whole and (kept.f1 or 0.0) >= (best.f1 or 0.0):
        best = kept
    worse = (
        best is not None
        and best.threshold != threshold
        and champion.images >= LEAST_IMAGES
        and _is_worse(before, after, threshold, best.threshold, weight, champion.groups, whole)
    )
    return Carried(now, kept, best, worse, whole, champion.images)


class _Said(NamedTuple):
    """Of each answer its `image`, `score`, whether it is `right` and whether it is `counted` (not on a crowd); `objects` of each image."""

    image: NDArray[np.int64]
    score: Floats
    right: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    objects: Floats

    def per_image(self, threshold: float) -> tuple[Floats, Floats]:
        """(right answers, answers) of each image from `threshold` on."""
        there = self.score >= threshold
        found = (
            np.bincount(self.image[there & some], minlength=len(self.objects)) for some in (self.right, self.counted)
        )
        right, counted = (one.astype(np.float64) for one in found)
        return right, counted


def _said(version: Evaluated, labels: Collection[str]) -> _Said:
    if version.correct is not None:
        answered = np.flatnonzero([one is not None for one in version.said])
        right = np.array(version.correct, dtype=bool)[answered]
        score = np.array(version.confidences, dtype=np.float64)[answered]
        return _Said(answered, score, right, np.ones(len(answered), dtype=bool), np.ones(version.images))
    told = [
        (number, match)
        for number, matches in enumerate(version.matches)
        for label, match in matches.items()
        if label in labels
    ]
    objects = np.zeros(version.images)
    for number, match in told:
        objects[number] += int(match.positives[0])
    none = [np.empty(0)]
    return _Said(
        np.concatenate([np.full(len(match.scores), number) for number, match in told] or none).astype(np.int64),
        np.concatenate([match.scores for _, match in told] or none),
        np.concatenate([(match.hits[:, 0] & 1) != 0 for _, match in told] or none).astype(bool),
        np.concatenate([(match.ignored[:, 0] & 1) == 0 for _, match in told] or none).astype(bool),
        objects,
    )


def _at(said: _Said, threshold: float, weight: Floats) -> AtThreshold:
    right, counted = said.per_image(threshold)
    hits, answers, objects = (float(weight @ one) for one in (right, counted, said.objects))
    return AtThreshold(
        threshold,
        hits / answers if answers else None,
        hits / objects if objects else None,
        2 * hits / (answers + objects) if answers + objects else None,
        int(counted.sum()),
        int(counted.sum() - right.sum()),
    )


def _best_f1(said: _Said, weight: Floats) -> float | None:
    """Where F1 is best; None where there is nothing to find, or nothing was found."""
    positives = float(weight @ said.objects)
    score, hits, answers = _falling(said, weight)
    if not positives or not len(score) or not hits[-1]:
        return None
    return _below(score, int(np.argmax(2 * hits / (answers + positives))), 0.0)


def _as_right(said: _Said, weight: Floats, precision: float | None) -> float | None:
    """The lowest threshold from which so many of the answers are right."""
    score, hits, answers = _falling(said, weight)
    enough = np.flatnonzero(hits >= (precision or 0.0) * answers - 1e-9)
    return None if precision is None or not len(enough) else _below(score, int(enough[-1]), float(score[-1]))


def _falling(said: _Said, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Every confidence that was said, the highest first, with the weight of the right answers and of all from there on."""
    order = np.argsort(-said.score, kind="stable")
    order = order[said.counted[order]]
    each, score = weight[said.image[order]], said.score[order]
    # Equal confidences stand or fall together.
    last = np.append(np.diff(score) != 0, True)[: len(score)]
    return score[last], np.cumsum(each * said.right[order])[last], np.cumsum(each)[last]


def _below(score: Floats, place: int, lowest: float) -> float:
    """A threshold that still lets `score[place]` through and not the next lower one; in the middle, for neither end is safe on other images.

    `lowest` stands for what is lower than all that was said. Rounded down to what people read.
    """
    lower = float(score[place + 1]) if place + 1 < len(score) else lowest
    return float(np.clip(np.floor((float(score[place]) + lower) * 500) / 1000, LOWEST, HIGHEST))


def _is_worse(
    before: _Said, after: _Said, threshold: float, best: float, weight: Floats, groups: tuple[str, ...], whole: bool
) -> bool:
    """Of a classifier: its answers are clearly less often right, or it says clearly less that is right. Of any other: it stays further
    below the F1 it could have than the champion does: whoever chose a threshold far from the best had a reason, which still holds."""
    if whole:
        (right_a, all_a), (right_b, all_b) = before.per_image(threshold), after.per_image(threshold)
        parts = (((right_a, all_a), (right_b, all_b)), ((right_a, before.objects), (right_b, after.objects)))
        seen = [paired_ratio(*part, groups, weight).upper95 for part in parts]
        return any(upper is not None and upper < -CLEAR for upper in seen)
    own = _best_f1(before, weight)
    a = [_f1(before, one) for one in (threshold, threshold if own is None else own)]
    b = [_f1(after, one) for one in (threshold, best)]
    lower = paired_shortfall((a[0], a[1]), (b[0], b[1]), groups, weight).lower95
    return lower is not None and lower > CLEAR


def _f1(said: _Said, threshold: float) -> tuple[Floats, Floats]:
    """Numerator and denominator of each image."""
    right, counted = said.per_image(threshold)
    return 2 * right, counted + said.objects


def _rates(at: AtThreshold) -> str:
    return f"its precision is {_share(at.precision)} and its recall {_share(at.recall)} ({at.wrong:,} wrong answers)"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
