"""How long the version took per image: percentiles and the mean."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics import latency
from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

_PERCENTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """int64[latency.LENGTH + 1]: log-spaced buckets, then the sum in microseconds."""
    several = Images.of(images).latency_ms
    known = several[~np.isnan(several)]
    if known.size == 0:
        return {}
    return {"": np.append(latency.counts(known), np.int64(round(known.sum() * 1000)))}


def value(states: States, reference: Reference | None) -> Value:
    buckets, microseconds = states[""][:-1].astype(np.int64), int(states[""][-1])
    counted = int(buckets.sum())
    if counted == 0:
        return dict.fromkeys([*_PERCENTILES, "mean"])
    found: Value = {name: latency.quantile(buckets, q) for name, q in _PERCENTILES.items()}
    return {**found, "mean": microseconds / counted / 1000}


METRIC = Summed(
    title="Latency",
    definition="Milliseconds from the image's bytes to its detections, without network and queue.",
    formula="percentiles from log-spaced buckets (within 1 %); mean = sum / count",
    source="Log-spaced buckets as in DDSketch (Masson, Rim and Lee 2019, arXiv:1908.10693)",
    needs="predictions",
    lacks="no prediction in this window says how long it took: send `latency_ms` with what is predicted elsewhere",
    tasks=EVERY_TASK,
    unit="ms",
    observe=observe,
    value=value,
    point=value,
    sees_erased=True,
)
