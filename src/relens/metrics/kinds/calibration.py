"""Whether the answers are as often right as their confidences say."""

from collections.abc import Sequence
from functools import partial

from relens.metrics.calibration import LEAST, calibration
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import EVERY_TASK, Judged, Supervised, Value, Whole


def judge(judged: Sequence[Judged], labels: Sequence[str]) -> Value:
    """Every detection that was said counts, whatever the threshold; of a whole-image task the best label."""
    confidence: list[float] = []
    right: list[bool] = []
    for image in judged:
        for sure, hit in _whole_image(image) if _is_whole(image) else _placed(image):
            confidence.append(sure)
            right.append(hit)
    found = calibration(confidence, right)
    return {
        "answers": found.answers,
        "debiased_error": found.debiased,
        "furthest": found.furthest,
        "expected_error": found.expected_error,
        "lean": found.lean,
        "enough": found.answers >= LEAST,
        "bins": [one._asdict() for one in found.bins],
    }


def _is_whole(image: Judged) -> bool:
    shapes = [found.shape for found in image.detections] + [one.shape for one in image.annotations]
    return all(shape is None for shape in shapes)


def _whole_image(image: Judged) -> list[tuple[float, bool]]:
    if len(image.annotations) != 1 or not image.detections:
        return []
    best = max(image.detections, key=lambda found: found.confidence)
    return [(best.confidence, best.label == image.annotations[0].label)]


def _placed(image: Judged) -> list[tuple[float, bool]]:
    """Right: found an object of its label with IoU >= 0.5; what lies on a crowd counts neither way."""
    return [
        (float(score), bool(hit & 1))
        for match in matches_of(image).values()
        for score, hit, ignored in zip(match.scores, match.hits[:, 0], match.ignored[:, 0], strict=True)
        if not ignored & 1
    ]


METRIC = Supervised(
    title="Calibration",
    definition="How far the confidences of reviewed answers are from the share of them that is right.",
    formula="debiased = √(Σ n_b [(confidence_b − right_b)² − right_b (1 − right_b) / (n_b − 1)] / Σ n_b) over 15 bins; "
    "furthest = max |running sum of (confidence − right)| / n; lean = mean confidence − share right",
    needs="reviews",
    tasks=EVERY_TASK,
    unit="confidence",
    bench=partial(Whole, judge),
)
