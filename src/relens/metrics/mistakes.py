"""What one reviewed image says of labels at the threshold: found, invented and missed, what was taken for what, and the kinds of mistakes.

Only the labels that occur in the image are held, so that thousands of images cost little whatever the deployment's labels are.
"""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from relens.metrics import confusion
from relens.metrics.mask_overlap import overlaps
from relens.metrics.matching import LabelMatch
from relens.metrics.metric import Boxes, Judged

NOTHING = ""
"""As a true label: what was said is not there; as a said one: what is there was missed."""


class Mistakes(NamedTuple):
    """`taken` counts (true label, said label), equal where it is right; `kinds` counts (label, one of confusion.ERRORS)."""

    taken: Counter[tuple[str, str]]
    kinds: Counter[tuple[str, str]]


class Found(NamedTuple):
    """Of one label: detections that found an object, that found none, and objects not found."""

    tp: int
    fp: int
    fn: int


def found_at(match: LabelMatch, threshold: float) -> Found:
    """With IoU >= 0.5, of the detections with at least this confidence; what is less sure chose later and changes nothing."""
    said = match.scores >= threshold
    tp = int(np.count_nonzero(said & ((match.hits[:, 0] & 1) != 0)))
    counted = int(np.count_nonzero(said & ((match.ignored[:, 0] & 1) == 0)))
    return Found(tp, counted - tp, int(match.positives[0]) - tp)


def of_image(image: Judged) -> Mistakes:
    """Of a whole image the best answer is compared with the one true label; otherwise every answered shape with every object."""
    if _is_whole(image):
        return _of_whole(image)
    answered = _at_threshold(image)
    said, true = Boxes.of(answered.detections), Boxes.of(answered.annotations)
    names = sorted({*said.labels, *true.labels})
    index = {name: i for i, name in enumerate(names)}
    masks = overlaps(answered)
    counts = confusion.count(
        said.corners,
        [d.confidence for d in answered.detections if d.shape is not None],
        [index[label] for label in said.labels],
        true.corners,
        [index[label] for label in true.labels],
        [a.crowd for a in answered.annotations if a.shape is not None],
        labels=len(names),
        ious=None if masks is None else masks.ious,
    )
    names.append(NOTHING)
    taken = {(names[t], names[s]): int(counts.confusion[t, s]) for t, s in np.argwhere(counts.confusion)}
    kinds = {(names[k], confusion.ERRORS[e]): int(counts.by_label[k, e]) for k, e in np.argwhere(counts.by_label)}
    return Mistakes(Counter(taken), Counter(kinds))


def _of_whole(image: Judged) -> Mistakes:
    if len(image.annotations) != 1:
        return Mistakes(Counter(), Counter())
    true = image.annotations[0].label
    said = image.answered[0].label if image.answered else NOTHING
    wrong = [] if said == true else [(true, "missed")] if said == NOTHING else [(said, "label")]
    return Mistakes(Counter([(true, said)]), Counter(wrong))


def _is_whole(image: Judged) -> bool:
    shapes = [found.shape for found in image.detections] + [one.shape for one in image.annotations]
    return bool(shapes) and all(shape is None for shape in shapes)


def _at_threshold(image: Judged) -> Judged:
    return replace(image, detections=image.answered, matches=None)
