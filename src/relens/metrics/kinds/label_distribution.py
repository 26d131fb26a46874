"""How often each label is answered, beside how often it stands in the training data."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics.heatmap import total_variation
from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, NOTHING_REACHED, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per label int64[2]: answered detections, images with at least one."""
    said = Images.of(images).answers
    return {
        label: np.array([where.size, np.unique(said.image[where]).size], dtype=np.int64)
        for label, where in said.by_label.items()
    }


def value(states: States, reference: Reference | None) -> Value:
    training = dict(reference.labels) if reference is not None else {}
    labels = sorted({*states, *training})
    now = [int(states[label][0]) if label in states else 0 for label in labels]
    then = [training.get(label, 0) for label in labels]
    return {
        "labels": {
            label: {
                "count": count,
                "share": _share(count, now),
                "images": int(states[label][1]) if label in states else 0,
                "training_count": trained if reference is not None else None,
                "training_share": _share(trained, then) if reference is not None else None,
            }
            for label, count, trained in zip(labels, now, then, strict=True)
        },
        "total": sum(now),
        "distance": total_variation(now, then) if labels else None,
    }


def point(states: States, reference: Reference | None) -> Value:
    """The training data's shares do not change over time; how far the answers are from them does."""
    counts = {label: int(state[0]) for label, state in states.items()}
    if reference is None:
        return {"labels": counts, "distance": None}
    every = sorted({*counts, *reference.labels})
    now, then = [counts.get(label, 0) for label in every], [reference.labels.get(label, 0) for label in every]
    return {"labels": counts, "distance": total_variation(now, then) if every else None}


def _share(count: int, of: Sequence[int]) -> float | None:
    total = sum(of)
    return count / total if total else None


METRIC = Summed(
    title="Label distribution",
    definition="Answered detections per label, compared with the annotations of the training data.",
    formula="share = count / all; distance = ½ Σ |share now − share in training data|, 0 same to 1 disjoint",
    source="Total variation distance",
    needs="predictions",
    lacks=NOTHING_REACHED,
    tasks=EVERY_TASK,
    unit="detections",
    observe=observe,
    value=value,
    point=point,
)
