"""Answers of two made-up versions on the same images, as an evaluation gives them."""

from __future__ import annotations

import numpy as np

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import match_image
from relens.training.evaluate import Evaluated
from relens.training.evaluation import SCORES


def detector(
    images: int,
    finds: dict[str, float],
    seed: int = 1,
    objects: int = 2,
    sources: int = 1,
    invents: float = 0.0,
    sure: float = 0.5,
    unsure: float = 0.5,
) -> Evaluated:
    """A detector that finds of each label's objects (`objects` in an image) the share `finds`, in the same images every time.

    `invents`: the share of images in which it sees one thing of the first label that is not there. It says the one with `sure` to
    `sure` + 0.5, the other with `unsure` to `unsure` + 0.5.
    """
    luck = np.random.default_rng(seed)
    labels = tuple(finds)
    store = ApStore(labels)
    matches = []
    names = tuple(f"{key:04}" for key in range(images))
    for name in names:
        true = [label for label in labels for _ in range(objects)]
        boxes = np.array([[40 * i, 0, 40 * i + 20, 20] for i in range(len(true))], dtype=np.float64)
        seen = [i for i, label in enumerate(true) if luck.random() < finds[label]]
        said = [true[i] for i in seen]
        placed = boxes[seen].reshape(-1, 4)
        if luck.random() < invents:
            said, placed = [*said, labels[0]], np.concatenate([placed, [[0, 500, 20, 520]]])
        lowest = np.array([sure] * len(seen) + [unsure] * (len(said) - len(seen)))
        confidence = lowest + 0.5 * luck.random(len(said))
        match = match_image(placed, confidence, said, boxes, true)
        store.insert(name, match)
        matches.append(match)
    summary = store.summary()
    by_label = summary.pop("labels")
    return Evaluated(
        "detection",
        {name: summary.get(name) for name in SCORES},
        {str(label): dict(numbers) for label, numbers in by_label.items()},
        names,
        names,
        tuple(f"line {i % sources}" for i in range(images)),
        0.3,
        store=store,
        matches=tuple(matches),
    )


def classifier(
    said: list[str], true: list[str], sources: list[str] | None = None, confidences: list[float] | None = None
) -> Evaluated:
    names = tuple(f"{key:04}" for key in range(len(true)))
    right = tuple(one == other for one, other in zip(said, true, strict=True))
    return Evaluated(
        "classification",
        {"accuracy": sum(right) / max(len(right), 1)},
        {},
        names,
        names,
        tuple(sources) if sources else (None,) * len(true),
        0.0,
        correct=right,
        said=tuple(said),
        true=tuple(true),
        confidences=tuple(confidences or [1.0] * len(true)),
    )
