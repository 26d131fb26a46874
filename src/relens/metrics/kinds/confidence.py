"""How sure the answers are."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, NOTHING_REACHED, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

BINS = 50


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per label int64[BINS + 1]: answered detections by confidence in equal bins of 0..1, then their sum in millionths."""
    said = Images.of(images).answers
    return {label: _state(said.confidence[where]) for label, where in said.by_label.items()}


def _state(confidences: np.ndarray) -> State:
    bins = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    return np.append(np.bincount(bins, minlength=BINS), round(confidences.sum() * 1e6)).astype(np.int64)


def value(states: States, reference: Reference | None) -> Value:
    together = sum(states.values(), start=np.zeros(BINS + 1, dtype=np.int64))
    return {
        "bins": BINS,
        **_described(together),
        "labels": {label: _described(state) for label, state in sorted(states.items())},
    }


def _described(state: State) -> Value:
    n = int(state[:-1].sum())
    return {"count": n, "mean": int(state[-1]) / n / 1e6 if n else None, "counts": state[:-1].tolist()}


def point(states: States, reference: Reference | None) -> Value:
    together = _described(sum(states.values(), start=np.zeros(BINS + 1, dtype=np.int64)))
    return {"mean": together["mean"], "count": together["count"]}


METRIC = Summed(
    title="Confidence",
    definition="The confidences of answered detections, in equal bins from 0 to 1.",
    formula="counts per bin; mean = Σ confidence / count",
    source="A count of our own",
    needs="predictions",
    lacks=NOTHING_REACHED,
    tasks=EVERY_TASK,
    unit="confidence",
    observe=observe,
    value=value,
    point=point,
)
