"""Do intervals from random checks hold what they say, and how many reviews do they save?

    python -m benchmarks.coverage [--json] [--runs 2000]

A simulated stream of 20,000 images whose detector has an easier and a harder day for every image: about seven objects, confidences that
rank well but are too sure of themselves. Random checks are drawn as the queue draws them (sizes from the confidences, priority sampling),
100 to 800 of them. `coverage_min`, `coverage_max`: over metrics and sizes, the share of runs whose 95 % interval holds the truth.
`coverage_anytime`: the share of runs in which the any-time interval holds it at every one of 15 looks up to 800 reviews. `review_gain`: variance
of a plain random sample's ratio over ours, that is how many times more reviews the plain way takes (by metric, at 200).
"""

import argparse
import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.calibrator import Reviewed, cross_fitted
from relens.metrics.estimate import Estimate, Sample, ratio
from relens.metrics.kinds.confidence import BINS
from relens.review.chance import FLOOR

Floats = NDArray[np.float64]
IMAGES, SIZES, LOOKS = 20_000, (100, 200, 400, 800), tuple(range(100, 801, 50))
METRICS = ("precision", "recall", "f1")


class Stream(NamedTuple):
    """Per image: answers and right ones by confidence bin, objects, and the size of its random check."""

    answers: Floats
    right: Floats
    objects: Floats
    size: Floats


def stream(rng: np.random.Generator) -> Stream:
    hard = rng.normal(size=IMAGES)
    objects = rng.poisson(7, IMAGES)
    image = np.repeat(np.arange(IMAGES), objects)
    found = rng.random(len(image)) < 1 / (1 + np.exp(-1.2 + 0.8 * hard[image]))
    false = rng.poisson(3 * np.exp(0.5 * hard))
    places = np.concatenate([image[found], np.repeat(np.arange(IMAGES), false)])
    hit = np.repeat([1.0, 0.0], [int(found.sum()), int(false.sum())])
    logit = np.where(hit == 1, 1.4, -0.2) - 0.5 * hard[places] * (hit == 1) + rng.normal(size=len(places))
    confidence = 1 / (1 + np.exp(-1.3 * logit))
    said = confidence >= 0.3
    places, hit, confidence = places[said], hit[said], confidence[said]
    cell = places * BINS + np.minimum((confidence * BINS).astype(int), BINS - 1)
    answers = np.bincount(cell, minlength=IMAGES * BINS).reshape(IMAGES, BINS)
    right = np.bincount(cell, weights=hit, minlength=IMAGES * BINS).reshape(IMAGES, BINS)
    residual = np.sqrt(np.bincount(places, weights=confidence * (1 - confidence), minlength=IMAGES) + 0.05)
    return Stream(answers.astype(float), right, objects.astype(float), FLOOR + (1 - FLOOR) * residual / residual.mean())


def truth(of: Stream) -> dict[str, float]:
    tp, said, gt = of.right.sum(), of.answers.sum(), of.objects.sum()
    return {"precision": tp / said, "recall": tp / gt, "f1": 2 * tp / (said + gt)}


def drawn(of: Stream, order: NDArray[np.int64], priority: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
    """The first k of the queue and how probable each was."""
    chosen, tau = order[:k], priority[order[k]]
    return chosen, np.minimum(1.0, of.size[chosen] / tau)


def estimates(
    of: Stream, chosen: NDArray[np.int64], probability: Floats, fold: NDArray[np.int64]
) -> dict[str, Estimate]:
    """What production computes from these reviews."""
    answers, right, gt = of.answers[chosen], of.right[chosen], of.objects[chosen]
    weights = 1 / probability
    fitted = cross_fitted(Reviewed(answers, right, weights), fold[chosen])
    said, tp = answers.sum(axis=1), right.sum(axis=1)
    all_said, all_tp = float(of.answers.sum()), float((of.answers @ fitted.stairs).sum())
    missed = float((weights * (gt - tp)).sum() / weights.sum())
    expected, all_expected = fitted.own + missed, all_tp + missed * IMAGES
    tables = {
        "precision": (tp, said, fitted.own, said, all_tp, all_said),
        "recall": (tp, gt, fitted.own, expected, all_tp, all_expected),
        "f1": (2 * tp, said + gt, 2 * fitted.own, said + expected, 2 * all_tp, all_said + all_expected),
    }
    found = {
        name: ratio(Sample(a, b, f, g, probability), IMAGES, top, bottom)
        for name, (a, b, f, g, top, bottom) in tables.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def plain(of: Stream, chosen: NDArray[np.int64]) -> dict[str, float]:
    tp, said, gt = of.right[chosen].sum(), of.answers[chosen].sum(), of.objects[chosen].sum()
    return {"precision": tp / said, "recall": tp / gt, "f1": 2 * tp / (said + gt)}


def measure(runs: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    of = stream(rng)
    true, fold = truth(of), rng.integers(0, 5, IMAGES)
    held = {(name, k): 0 for name in METRICS for k in SIZES}
    width = {(name, k): 0.0 for name in METRICS for k in SIZES}
    errors: dict[str, list[float]] = {name: [] for name in METRICS}
    usual: dict[str, list[float]] = {name: [] for name in METRICS}
    always = dict.fromkeys(METRICS, 0)
    for _ in range(runs):
        priority = of.size / (1 - rng.random(IMAGES))
        first = np.argpartition(-priority, max(LOOKS) + 1)[: max(LOOKS) + 1]
        order = first[np.argsort(-priority[first])]
        good = dict.fromkeys(METRICS, True)
        for k in LOOKS:
            found = estimates(of, *drawn(of, order, priority, k), fold)
            for name, one in found.items():
                assert None not in one, "there are enough reviews for intervals"
                good[name] &= one.always_lower <= true[name] <= one.always_upper
                if k in SIZES:
                    held[name, k] += one.lower <= true[name] <= one.upper
                    width[name, k] += (one.upper - one.lower) / 2
                if k == 200:
                    errors[name].append(one.value - true[name])
        for name, value in plain(of, rng.choice(IMAGES, 200, replace=False)).items():
            usual[name].append(value - true[name])
        for name in METRICS:
            always[name] += good[name]
    coverage = {f"{name} {k}": count / runs for (name, k), count in held.items()}
    return {
        "runs": runs,
        "coverage_min": min(coverage.values()),
        "coverage_max": max(coverage.values()),
        "coverage_anytime": min(always.values()) / runs,
        "review_gain": {name: float(np.var(usual[name]) / np.mean(np.square(errors[name]))) for name in METRICS},
        "bias": {name: float(np.mean(errors[name])) for name in METRICS},
        "coverage": coverage,
        "half_width": {f"{name} {k}": total / runs for (name, k), total in width.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    report = measure(asked.runs, asked.seed)
    print(json.dumps(report) if asked.json else json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
