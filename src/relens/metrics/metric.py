"""A metric: what it is called, how it is defined, what it needs, and the pure functions that compute it.

Unsupervised metrics are sums: `observe` turns images into states, states of any two sets of images add, `value` reads a
state. Supervised ones judge the reviewed images of a window as a whole.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from relens.kit.catalog import Catalog
from relens.kit.clock import Micros
from relens.metrics.matching import LabelMatch
from relens.metrics.reference import Reference
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection

Needs = Literal["predictions", "training data", "reviews"]
State = NDArray[np.int64] | NDArray[np.float64]
States = Mapping[str, State]
"""States by label; "" is the image as a whole."""
Value = dict[str, Any]

EVERY_TASK = ("classification", "detection", "segmentation")
WITH_SHAPES = ("detection", "segmentation")

NEEDED: dict[Needs, str] = {
    "predictions": "no predictions in this window yet: send some, or choose another window",
    "training data": "choose the dataset version the champion was trained on as training data",
    "reviews": "no reviewed predictions in this window yet: review some",
}

NOTHING_REACHED = "nothing reached the threshold in the predictions of this window"
"""What a metric of detections lacks where no image has any."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the metrics see of one prediction. `answered` holds what reached the threshold, the best first.

    With an `error` there was no answer: only metrics that ask for failures see it.
    """

    width: int
    height: int
    latency_ms: float | None
    answered: tuple[Detection, ...]
    scalars: NDArray[np.float32] | None = None
    """In the order of the reference's features; NaN is not known."""
    outlier: float | None = None
    own_reference: bool = False
    """The reference was fitted with the very version that made this prediction."""
    names: tuple[str, ...] = ()
    """What the scalars are, where that is known without a reference."""
    taken_at: Micros = 0
    error: str | None = None
    """Why there is no answer, in a few words."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One reviewed prediction: everything the version said, and what is true. `key` orders images of equal confidence."""

    key: str
    detections: tuple[Detection, ...]
    annotations: tuple[Annotation, ...]
    threshold: float
    width: int
    height: int
    matches: Mapping[str, LabelMatch] | None = None
    """By label, where these detections were matched with these annotations before; None: not yet."""

    @property
    def answered(self) -> tuple[Detection, ...]:
        """What reached the threshold, the best first."""
        return tuple(found for found in self.detections if found.confidence >= self.threshold)


class Boxes(NamedTuple):
    """`corners` (n, 4) x1 y1 x2 y2 and `labels` of things that have a place."""

    corners: NDArray[np.float64]
    labels: list[str]

    @staticmethod
    def of(things: Sequence[Detection] | Sequence[Annotation]) -> "Boxes":
        placed = [(thing.label, thing.shape.box().corners()) for thing in things if thing.shape is not None]
        corners = np.array([corners for _, corners in placed], dtype=np.float64).reshape(-1, 4)
        return Boxes(corners, [label for label, _ in placed])


def labels_among(judged: Sequence[Judged], labels: Sequence[str]) -> list[str]:
    """`labels` in order, then those that only occur in the images, sorted."""
    said = {found.label for image in judged for found in image.detections}
    true = {annotation.label for image in judged for annotation in image.annotations}
    return [*labels, *sorted((said | true) - set(labels))]


@dataclass(frozen=True, slots=True)
class Metric:
    """The facts every metric has; they are served to the pages as they stand here."""

    title: str
    definition: str
    formula: str
    needs: Needs
    tasks: tuple[str, ...]
    unit: str
    source: str = field(default="", kw_only=True)
    """Whose definition it is."""


@dataclass(frozen=True, slots=True)
class Summed(Metric):
    """An unsupervised metric. All images given to one `observe` belong to one bucket."""

    observe: Callable[[Sequence[Observed], Reference | None], Mapping[str, State]]
    value: Callable[[States, Reference | None], Value]
    point: Callable[[States, Reference | None], Value] | None = None
    """The few numbers that one point of a chart over time carries; None: there is no such chart."""
    rate: Callable[[States, float], Value] | None = None
    """What else can be said when the images came within so many seconds; for the whole and for each point."""
    sees_failures: bool = False
    """`observe` is also given predictions that ended with an error."""
    sees_erased: bool = False
    """`observe` is also given what is left of predictions that a person erased: size, latency and time."""
    lacks: str = ""
    """What is missing where there are predictions, and nothing of them could be counted."""
    version: int = 1
    """Of the form of its states. With a new one the log is counted again, and sums of the old form are not read."""


class Bench(Protocol):
    """What a supervised metric keeps of each reviewed image, so that one more verdict costs one image."""

    def insert(self, image: Judged) -> None:
        """Takes an image in, in place of what was known of it (`key`)."""

    def remove(self, key: str) -> None:
        """Forgets an image; one that is not there is no error."""

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        """The metric over all images, or over those of `keys`. `label`: whole images are judged, and of that what concerns this label is told."""

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        """The few numbers that one point of a chart over time carries."""


@dataclass(frozen=True, slots=True)
class Supervised(Metric):
    """A metric that rests on reviews; `bench` makes an empty one for the deployment's labels, in order."""

    bench: Callable[[Sequence[str]], Bench]
    corrects: str | None = None
    """The unsupervised metric of all images that reviews correct here."""
    together: Callable[[Value, States], Value] | None = None
    """What the bench says of the reviewed images ({}: there are none), put together with the states of that metric."""

    def judge(self, judged: Sequence[Judged], labels: Sequence[str]) -> Value:
        """The metric over these images."""
        bench = self.bench(labels)
        for image in judged:
            bench.insert(image)
        return bench.value()


def added(states: Sequence[States]) -> dict[str, State]:
    """The states of all these sets of images together."""
    total: dict[str, State] = {}
    for some in states:
        for label, state in some.items():
            total[label] = total[label] + state if label in total else state
    return total


METRICS: Catalog[Metric] = Catalog("metric", "relens.metrics.kinds", "METRIC")


@cache
def of_task(task: str) -> dict[str, Metric]:
    """Every metric of a task by name; looked up once, because looking for plug-ins takes milliseconds."""
    return {name: metric for name, metric in METRICS if task in metric.tasks}
