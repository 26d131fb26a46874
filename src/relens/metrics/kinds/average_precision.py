"""COCO's twelve numbers on the reviewed images."""

from collections.abc import Sequence

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import match_image
from relens.metrics.metric import WITH_SHAPES, Boxes, Judged, Supervised, Value, labels_among


def judge(judged: Sequence[Judged], labels: Sequence[str]) -> Value:
    """The summary, over the deployment's labels and those that reviews brought."""
    return matched(judged, labels).summary()


def matched(judged: Sequence[Judged], labels: Sequence[str]) -> ApStore:
    """The images' matches; whole-image labels have no place and are left out."""
    store = ApStore(labels_among(judged, labels))
    for image in judged:
        said, true = Boxes.of(image.detections), Boxes.of(image.annotations)
        confidence = [d.confidence for d in image.detections if d.shape is not None]
        objects = [a for a in image.annotations if a.shape is not None]
        crowd, area = [a.crowd for a in objects], [a.area for a in objects]
        store.insert(
            image.key, match_image(said.corners, confidence, said.labels, true.corners, true.labels, crowd, area)
        )
    return store


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
