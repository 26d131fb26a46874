"""How many images were predicted, and how many detections were answered."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """int64[2]: images, answered detections."""
    return {"": np.array([len(images), sum(len(said.labels) for said in Images.of(images).said)], dtype=np.int64)}


def value(states: States, reference: Reference | None) -> Value:
    images, detections = states[""]
    return {"images": int(images), "detections": int(detections)}


METRIC = Summed(
    title="Volume",
    definition="Predicted images per time, and the detections answered on them.",
    formula="number of predictions; number of detections at or above the threshold",
    source="A count of our own",
    needs="predictions",
    tasks=EVERY_TASK,
    unit="images",
    observe=observe,
    value=value,
    point=value,
    sees_erased=True,
)
