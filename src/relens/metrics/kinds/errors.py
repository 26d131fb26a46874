"""How many predictions failed, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics.images import Images
from relens.metrics.intervals import jeffreys
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

EVERYTHING = ""
"""Beside the kinds of errors: all predictions, and those that failed."""


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per kind of error int64[1], the failed predictions; for EVERYTHING int64[2]."""
    failed = Counter(error for error in Images.of(images).errors if error is not None)
    states: dict[str, State] = {EVERYTHING: np.array([len(images), failed.total()], dtype=np.int64)}
    return states | {kind: np.array([count], dtype=np.int64) for kind, count in failed.items()}


def value(states: States, reference: Reference | None) -> Value:
    asked, failed = (int(n) for n in states[EVERYTHING]) if EVERYTHING in states else (0, 0)
    kinds = {kind: int(state[0]) for kind, state in states.items() if kind != EVERYTHING}
    return {
        "predictions": asked,
        "errors": failed,
        "share": failed / asked if asked else None,
        "share_interval": jeffreys(failed, asked),
        "kinds": dict(sorted(kinds.items(), key=lambda one: (-one[1], one[0]))),
    }


def point(states: States, reference: Reference | None) -> Value:
    whole = value(states, reference)
    return {name: whole[name] for name in ("predictions", "errors", "share", "kinds")}


METRIC = Summed(
    title="Errors",
    definition="Predictions that ended with an error instead of an answer, by kind of error. No other metric counts them.",
    formula="share = predictions with an error / all predictions; its interval is Jeffreys 95 %",
    source="A count of our own; Jeffreys intervals (Brown, Cai and DasGupta 2001, Statistical Science 16)",
    needs="predictions",
    tasks=EVERY_TASK,
    unit="share",
    observe=observe,
    value=value,
    point=point,
    sees_failures=True,
    sees_erased=True,
)
