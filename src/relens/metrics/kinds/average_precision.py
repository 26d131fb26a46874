"""COCO's twelve numbers on the reviewed images."""

from collections.abc import Sequence

import numpy as np

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import LabelMatch, match_image
from relens.metrics.metric import WITH_SHAPES, Judged, Supervised, Value


def judge(judged: Sequence[Judged], labels: Sequence[str]) -> Value:
    """The summary, over the deployment's labels and those that reviews brought."""
    matches = {image.key: _matches(image) for image in judged}
    found = {str(label) for matched in matches.values() for label in matched}
    store = ApStore([*labels, *sorted(found - set(labels))])
    for key, matched in matches.items():
        store.insert(key, matched)
    return store.summary()


def _matches(image: Judged) -> dict[object, LabelMatch]:
    said = [found for found in image.detections if found.shape is not None]
    true = [annotation for annotation in image.annotations if annotation.shape is not None]
    return match_image(
        np.array([found.shape.box().corners() for found in said if found.shape]).reshape(-1, 4),
        [found.confidence for found in said],
        [found.label for found in said],
        np.array([annotation.shape.box().corners() for annotation in true if annotation.shape]).reshape(-1, 4),
        [annotation.label for annotation in true],
        [annotation.crowd for annotation in true],
        [annotation.area for annotation in true],
    )


METRIC = Supervised(
    title="Average precision",
    definition="COCO's mAP and AR over all reviewed images of the window together (never a mean of per-image values), "
    "from every detection down to the log's floor, whatever the threshold.",
    formula="AP = mean precision at 101 recalls; map50_95 = mean over IoU .50:.05:.95 and labels that occur",
    needs="reviews",
    tasks=WITH_SHAPES,
    unit="share",
    judge=judge,
)
