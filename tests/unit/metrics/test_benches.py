"""However verdicts come, change and go: a bench says what a fresh count of the same images says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.metric import METRICS, Judged, Supervised
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

LABELS = ["bolt", "nut", "washer"]
NAMES = [name for name, metric in METRICS if isinstance(metric, Supervised)]


def image(rng: np.random.Generator, key: str, whole: bool) -> Judged:
    def placed(n: int) -> list[Box]:
        corner, size = rng.integers(0, 60, (n, 2)), rng.integers(4, 40, (n, 2))
        return [
            Box(float(x), float(y), float(x + w), float(y + h)) for (x, y), (w, h) in zip(corner, size, strict=True)
        ]

    def label() -> str:
        return str(rng.choice(LABELS))

    if whole:
        said = tuple(Detection(one, float(c), None) for one, c in zip(LABELS, sorted(rng.random(3))[::-1], strict=True))
        return Judged(key, said, (Annotation(label()),), 0.5, 100, 100)
    true = placed(int(rng.integers(0, 4)))
    near = [*true, *placed(int(rng.integers(0, 3)))]
    said = tuple(Detection(label(), round(float(rng.random()), 1), box) for box in near)
    objects = tuple(Annotation(label(), box, crowd=bool(rng.random() < 0.2)) for box in true)
    return Judged(key, tuple(sorted(said, key=lambda d: -d.confidence)), objects, 0.3, 100, 100)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), edits=st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=20))
def test_edits_and_reopenings_end_where_a_fresh_count_ends(name: str, seed: int, edits: list[tuple[str, bool]]) -> None:
    metric = METRICS.get(name)
    assert isinstance(metric, Supervised)
    rng, whole = np.random.default_rng(seed), metric.tasks == ("classification",)
    bench, there = metric.bench(LABELS), {}
    for key, kept in edits:
        if kept:
            there[key] = image(rng, key, whole)
            bench.insert(there[key])
        else:
            there.pop(key, None)
            bench.remove(key)
        if rng.random() < 0.3:
            bench.value()
    assert bench.value() == metric.judge(list(there.values()), LABELS)
    some = sorted(there)[::2]
    assert bench.value(some) == metric.judge([there[key] for key in some], LABELS)
