"""Whether the answers are as often right as their confidences say."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.calibration import LEAST, calibration
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import EVERY_TASK, Judged, Supervised, Value


class _Answers(NamedTuple):
    """Of one image, by label: confidences and whether each was right."""

    labels: tuple[str, ...]
    confidence: tuple[NDArray[np.float64], ...]
    right: tuple[NDArray[np.bool_], ...]


class Sureness:
    """A bench that looks at each image once. Every detection that was said counts, whatever the threshold; of a whole-image task the best label."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._images: dict[str, _Answers] = {}

    def insert(self, image: Judged) -> None:
        self._images[image.key] = _whole_image(image) if _is_whole(image) else _placed(image)

    def remove(self, key: str) -> None:
        self._images.pop(key, None)

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        wanted = self._images if keys is None else keys
        confidence: list[NDArray[np.float64]] = [np.empty(0)]
        right: list[NDArray[np.bool_]] = [np.empty(0, dtype=bool)]
        # Sums of floats depend on their order, which must not be the order in which reviews came.
        for key in sorted(wanted):
            for one, sure, hits in zip(*self._images[key], strict=True):
                if label in (None, one):
                    confidence.append(sure)
                    right.append(hits)
        found = calibration(np.concatenate(confidence), np.concatenate(right))
        return {
            "answers": found.answers,
            "debiased_error": found.debiased,
            "furthest": found.furthest,
            "expected_error": found.expected_error,
            "lean": found.lean,
            "enough": found.answers >= LEAST,
            "bins": [one._asdict() for one in found.bins],
        }

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        whole = self.value(keys, label)
        return {"n": len(keys), **{name: whole[name] for name in ("answers", "debiased_error", "lean")}}


def _is_whole(image: Judged) -> bool:
    shapes = [found.shape for found in image.detections] + [one.shape for one in image.annotations]
    return all(shape is None for shape in shapes)


def _whole_image(image: Judged) -> _Answers:
    if len(image.annotations) != 1 or not image.detections:
        return _Answers((), (), ())
    best = max(image.detections, key=lambda found: found.confidence)
    right = np.array([best.label == image.annotations[0].label])
    return _Answers((best.label,), (np.array([best.confidence]),), (right,))


def _placed(image: Judged) -> _Answers:
    """Right: found an object of its label with IoU >= 0.5; what lies on a crowd counts neither way."""
    labels, confidence, right = [], [], []
    for label, match in sorted(matches_of(image).items()):
        counted = (match.ignored[:, 0] & 1) == 0
        labels.append(label)
        confidence.append(match.scores[counted])
        right.append((match.hits[counted, 0] & 1) != 0)
    return _Answers(tuple(labels), tuple(confidence), tuple(right))


METRIC = Supervised(
    title="Calibration",
    definition="How far the confidences of reviewed answers are from the share of them that is right.",
    formula="debiased = √(Σ n_b [(confidence_b − right_b)² − right_b (1 − right_b) / (n_b − 1)] / Σ n_b) over 15 bins; "
    "furthest = max |running sum of (confidence − right)| / n; lean = mean confidence − share right",
    source="Debiased calibration error after Kumar, Liang and Ma 2019 (arXiv:1909.10155); the furthest lean as a Kolmogorov–Smirnov distance (Gupta et al. 2021, arXiv:2006.12800)",
    needs="reviews",
    tasks=EVERY_TASK,
    unit="confidence",
    bench=Sureness,
)
