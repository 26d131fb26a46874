"""COCO's twelve numbers on the reviewed images."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from relens.metrics.average_precision import ApStore
from relens.metrics.mask_overlap import overlaps
from relens.metrics.matching import LabelMatch, match_image
from relens.metrics.metric import WITH_SHAPES, Boxes, Judged, Supervised, Value, labels_among

Matches = Mapping[Any, LabelMatch]


def matches_of(image: Judged) -> Matches:
    """One image's matches, of masks where there are any and of boxes otherwise; whole-image labels have no place and are left out."""
    if image.matches is not None:
        return image.matches
    said, true = Boxes.of(image.detections), Boxes.of(image.annotations)
    confidence = [d.confidence for d in image.detections if d.shape is not None]
    objects = [a for a in image.annotations if a.shape is not None]
    crowd, area = [a.crowd for a in objects], [a.area for a in objects]
    masks = overlaps(image)
    if masks is None:
        return match_image(said.corners, confidence, said.labels, true.corners, true.labels, crowd, area)
    return match_image(
        said.corners,
        confidence,
        said.labels,
        true.corners,
        true.labels,
        crowd,
        masks.gt_area,
        ious=masks.ious,
        dt_area=masks.dt_area,
    )


class Ranked:
    """A bench that holds each image's matches, and all of them ranked; labels that reviews bring join the deployment's."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.matches: dict[str, Matches] = {}
        self._store = ApStore(labels)

    def insert(self, image: Judged) -> None:
        self.hold(image.key, matches_of(image))

    def hold(self, key: str, matches: Matches) -> None:
        """An image that was matched already."""
        known = self.matches.get(key)
        self.matches[key] = matches
        if fresh := sorted(set(matches) - set(self._store.labels)):
            self._store = self._with_labels([*self._store.labels, *fresh], self.matches)
        elif known is not matches:
            self._store.insert(key, matches)

    def remove(self, key: str) -> None:
        if self.matches.pop(key, None) is not None:
            self._store.remove(key)

    def store(self, keys: Collection[str] | None = None) -> ApStore:
        """All images' matches, or those of `keys`."""
        if keys is None or len(keys) == len(self.matches):
            return self._store
        return self._store.part(keys)

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        return self.store(keys).summary(labels=_only(label))

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        return {"n": len(keys), **self.store(keys).averages(_only(label))}

    def _with_labels(self, labels: Sequence[Any], keys: Collection[str]) -> ApStore:
        store = ApStore(labels)
        for key in keys:
            store.insert(key, self.matches[key])
        return store


def _only(label: str | None) -> list[str] | None:
    return None if label is None else [label]


def matched(judged: Sequence[Judged], labels: Sequence[str]) -> ApStore:
    """The images' matches, over the labels and those that reviews brought."""
    store = ApStore(labels_among(judged, labels))
    for image in judged:
        store.insert(image.key, matches_of(image))
    return store


METRIC = Supervised(
    title="Average precision",
    definition="COCO's mAP and AR over all reviewed images of the window together (never a mean of per-image values), "
    "from every detection down to the log's floor, whatever the threshold.",
    formula="AP = mean precision at 101 recalls; map50_95 = mean over IoU .50:.05:.95 and labels that occur",
    source="COCO detection evaluation (Lin et al. 2014, arXiv:1405.0312); equal to pycocotools 2.0.11 bit for bit",
    needs="reviews",
    tasks=WITH_SHAPES,
    unit="share",
    bench=Ranked,
)
