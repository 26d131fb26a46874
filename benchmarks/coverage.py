"""Do intervals from random checks hold what they say, and how many reviews do they save?

    python -m benchmarks.coverage [--json] [--runs 2000] [--data FOLDER] [--minutes 2] [--answers FILE]

Streams of 10,000 images: a simulated detector, a simulated classifier, and with `--data` (COCO; `annotations.json` and `images/`) the answers of
a model of our own, trained for `--minutes` on one half and asked about the other, drawn again and again. `--answers` keeps those answers, or
takes them from where they were kept. Half of a stream is there at first, the rest arrives while people review: random checks are drawn, and their
probabilities kept by cohorts, as the queue does (checked against its own functions); the estimates are those the pages show.

`coverage_min`, `coverage_max`: over streams, metrics and 100 to 800 reviews, the share of runs whose 95 % interval holds the truth of the images
that had arrived. `coverage_anytime`: the least share of runs in which the any-time interval holds it at every look. `review_gain`: how many
times more reviews a plain random sample takes for the same error (variance over mean squared error, by metric, at 200 reviews).
"""

import argparse
import heapq
import json
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import as_line
from benchmarks._streams import (
    IMAGES,
    Stream,
    answers_of,
    judged,
    key,
    real_detector,
    simulated_classifier,
    simulated_detector,
)
from relens.metrics.estimate import Estimate
from relens.metrics.traffic import Checks, Traffic, averages, ratios
from relens.monitoring.estimated import mean_precisions
from relens.review.chance import Cohort, after_arrival, after_review, probability

Floats = NDArray[np.float64]
SIZES = (100, 200, 400, 800)
LOOKS = tuple(range(100, 801, 100))
BATCHES = 20
STARTS = np.array([0, *np.linspace(IMAGES // 2, IMAGES, BATCHES + 1).astype(int)])
EACH = max(SIZES) // (BATCHES + 1) + 1
"""Reviews after each arrival."""
MAP = "map50"


class Look(NamedTuple):
    """After so many reviews: how many images had arrived, the places of those drawn, and how probable each was."""

    reviews: int
    arrived: int
    drawn: NDArray[np.int64]
    probability: Floats


def looks(stream: Stream, u: Floats) -> list[Look]:
    """One time round: images arrive in batches, the head of the queue is reviewed in between. `u` (IMAGES,): uniform, drawn once for each.

    All of a batch at once: its reviews are its highest priorities in order, and the head after each is the next of them.
    """
    own = stream.sizes / (1 - u)
    waiting, reviewed, heads = np.empty(0, dtype=np.int64), [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for first, last in pairwise(STARTS):
        waiting = np.concatenate([waiting, np.arange(first, last)])
        order = waiting[np.argsort(-own[waiting], kind="stable")]
        reviewed.append(order[:EACH])
        heads.append(own[order[1 : EACH + 1]])
        waiting = order[EACH:]
    places, head = np.concatenate(reviewed), np.concatenate(heads)
    batch = np.repeat(np.arange(len(STARTS) - 1), EACH)
    cohort = np.searchsorted(STARTS, np.arange(IMAGES), side="right") - 1
    found = []
    for k in LOOKS:
        lowest = np.full(len(STARTS) - 1, np.inf)
        np.minimum.at(lowest, batch[:k], head[:k])
        tau = np.minimum.accumulate(lowest[::-1])[::-1]
        drawn = np.sort(places[:k][own[places[:k]] > tau[cohort[places[:k]]]])
        chances = np.minimum(stream.sizes[drawn] / tau[cohort[drawn]], 1.0)
        found.append(Look(k, int(STARTS[batch[k - 1] + 1]), drawn, chances))
    return found


def by_the_queue(stream: Stream, u: Floats) -> list[Look]:
    """The same, one review after the other, by the very functions of the queue."""
    own = (stream.sizes / (1 - u)).tolist()
    waiting: list[tuple[float, int]] = []
    cohorts: list[Cohort] = []
    reviewed: list[int] = []
    found: list[Look] = []
    for first, last in pairwise(STARTS):
        cohorts = after_arrival(cohorts, first)
        for place in range(first, last):
            heapq.heappush(waiting, (-own[place], place))
        for _ in range(EACH):
            reviewed.append(heapq.heappop(waiting)[1])
            cohorts = after_review(cohorts, -waiting[0][0])
            if len(reviewed) in LOOKS:
                found.append(_look(stream, cohorts, own, reviewed, last))
    return found


def _look(stream: Stream, cohorts: list[Cohort], own: list[float], reviewed: list[int], arrived: int) -> Look:
    firsts, taus = [one.first for one in cohorts], [one.tau for one in cohorts]
    tau = [taus[int(np.searchsorted(firsts, place, side="right")) - 1] for place in reviewed]
    drawn = sorted((place, at) for place, at in zip(reviewed, tau, strict=True) if own[place] > at)
    chances = [probability(float(stream.sizes[place]), at) for place, at in drawn]
    return Look(len(reviewed), arrived, np.array([place for place, _ in drawn]), np.array(chances))


def check(stream: Stream, u: Floats) -> None:
    """That the quick way is the queue's."""
    for one, other in zip(looks(stream, u), by_the_queue(stream, u), strict=True):
        assert (one.reviews, one.arrived) == (other.reviews, other.arrived)
        assert np.array_equal(one.drawn, other.drawn)
        assert np.allclose(one.probability, other.probability, rtol=1e-12)


class Answered(NamedTuple):
    """(IMAGES, BINS): all answers up to each image, and those of each label."""

    every: Floats
    by_label: Mapping[str, Floats]

    @staticmethod
    def of(stream: Stream) -> "Answered":
        by_label = {label: np.cumsum(one.answers, axis=0) for label, one in stream.by_label.items()}
        return Answered(np.cumsum(stream.checks.answers, axis=0), by_label)


def estimated(stream: Stream, look: Look, answered: Answered, with_map: bool) -> dict[str, Estimate]:
    """What the product computes from these reviews."""

    def drawn(rows: Checks) -> Checks:
        return Checks(*(column[look.drawn] for column in rows))._replace(probability=look.probability)

    def traffic(so_far: Floats) -> Traffic:
        return Traffic(look.arrived, so_far[look.arrived - 1])

    found = ratios(drawn(stream.checks), traffic(answered.every), stream.metrics)
    if stream.by_label and look.reviews in SIZES:
        checks = {label: drawn(one) for label, one in stream.by_label.items()}
        there = {label: traffic(one) for label, one in answered.by_label.items()}
        over = averages(checks, there, look.arrived)
        found |= {name: over[name] for name in stream.averages if name in over}
    if with_map and stream.store is not None:
        keys = [key(int(place)) for place in look.drawn]
        weights = dict(zip(keys, 1 / look.probability, strict=True))
        found[MAP] = mean_precisions(stream.store.part(keys), weights, None, (MAP,))[MAP]
    return found


def truths(stream: Stream) -> dict[int, dict[str, float]]:
    """By how many images have arrived."""
    of = stream.checks
    right, said, true = (np.cumsum(column) for column in (of.right.sum(axis=1), of.counted, of.objects))
    found = {}
    for arrived in sorted({look.arrived for look in looks(stream, np.random.default_rng(0).random(IMAGES))}):
        tp, n, gt = float(right[arrived - 1]), float(said[arrived - 1]), float(true[arrived - 1])
        found[arrived] = {"precision": tp / n, "recall": tp / gt, "f1": 2 * tp / (n + gt), "accuracy": tp / arrived}
        if stream.by_label:
            found[arrived] |= _averages(stream, arrived)
        if stream.store is not None:
            whole = stream.store.part([key(place) for place in range(arrived)])
            found[arrived][MAP] = float(whole.averages()[MAP] or 0.0)
    return found


def _averages(stream: Stream, arrived: int) -> dict[str, float]:
    """Over the labels of the first images, by the definitions."""
    of = [one.of(np.arange(IMAGES) < arrived) for one in stream.by_label.values()]
    tp, n, gt = (
        np.array(column)
        for column in zip(*((x.right.sum(), x.counted.sum(), x.objects.sum()) for x in of), strict=True)
    )
    return {
        "balanced_accuracy": float((tp / gt).mean()),
        "macro_f1": float((2 * tp / (n + gt)).mean()),
        "weighted_precision": float((tp / n * gt).sum() / gt.sum()),
    }


def plain(stream: Stream, rng: np.random.Generator, reviews: int, arrived: int) -> dict[str, float]:
    """A plain random sample, read as it stands."""
    of = stream.checks.of(np.isin(np.arange(IMAGES), rng.choice(arrived, reviews, replace=False)))
    tp, n, gt = float(of.right.sum()), float(of.counted.sum()), float(of.objects.sum())
    return {"precision": tp / n, "recall": tp / gt, "f1": 2 * tp / (n + gt), "accuracy": tp / reviews}


def measure(stream: Stream, runs: int, seed: int) -> dict[str, Any]:
    names = (*stream.metrics, *stream.averages, *((MAP,) if stream.store is not None else ()))
    true, answered = truths(stream), Answered.of(stream)
    held = {(name, k): 0 for name in names for k in SIZES}
    said = {(name, k): 0 for name in names for k in SIZES}
    width = {(name, k): 0.0 for name in names for k in SIZES}
    errors: dict[str, list[float]] = {name: [] for name in names}
    usual: dict[str, list[float]] = {name: [] for name in stream.metrics}
    always = dict.fromkeys(names, 0)
    rng = np.random.default_rng(seed)
    check(stream, rng.random(IMAGES))
    for _ in range(runs):
        good = dict.fromkeys(names, True)
        for look in looks(stream, rng.random(IMAGES)):
            right = true[look.arrived]
            for name, one in estimated(stream, look, answered, look.reviews in SIZES).items():
                if one.lower is None or one.upper is None or one.always_lower is None or one.always_upper is None:
                    continue  # fewer than 100 of the reviewed were drawn: nothing is said
                good[name] &= one.always_lower <= right[name] <= one.always_upper
                if look.reviews in SIZES:
                    said[name, look.reviews] += 1
                    held[name, look.reviews] += one.lower <= right[name] <= one.upper
                    width[name, look.reviews] += (one.upper - one.lower) / 2
                if look.reviews == SIZES[1]:
                    errors[name].append(one.value - right[name])
            if look.reviews == SIZES[1]:
                sample = plain(stream, rng, look.reviews, look.arrived)
                for name in stream.metrics:
                    usual[name].append(sample[name] - right[name])
        for name in names:
            always[name] += good[name]
    return {
        "coverage": {f"{name} {k}": held[name, k] / n for (name, k), n in said.items() if n >= runs / 10},
        "said": {f"{name} {k}": n / runs for (name, k), n in said.items()},
        "anytime": {name: count / runs for name, count in always.items()},
        "review_gain": {
            name: float(np.var(usual[name]) / np.mean(np.square(errors[name])))
            for name in stream.metrics
            if errors[name]
        },
        "bias": {name: float(np.mean(some)) for name, some in errors.items() if some},
        "half_width": {f"{name} {k}": width[name, k] / n for (name, k), n in said.items() if n},
    }


def streams(asked: argparse.Namespace) -> list[Stream]:
    rng = np.random.default_rng(asked.seed)
    found = [simulated_detector(rng), simulated_classifier(rng), simulated_classifier(rng, sure=True)]
    if asked.answers is not None and asked.answers.exists():
        found.append(real_detector(judged(json.loads(asked.answers.read_text())), rng))
    elif asked.data is not None:
        with tempfile.TemporaryDirectory() as folder:
            answers = answers_of(asked.data, Path(folder) / "run", asked.minutes)
        if asked.answers is not None:
            asked.answers.write_text(json.dumps(answers))
        found.append(real_detector(judged(answers), rng))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--answers", type=Path)
    asked = parser.parse_args()
    by_stream = {one.name: measure(one, asked.runs, asked.seed) for one in streams(asked)}
    coverage = [share for one in by_stream.values() for share in one["coverage"].values()]
    report = {
        "runs": asked.runs,
        "coverage_min": min(coverage),
        "coverage_max": max(coverage),
        "coverage_anytime": min(share for one in by_stream.values() for share in one["anytime"].values()),
        "review_gain": {
            f"{stream}: {name}": gain for stream, one in by_stream.items() for name, gain in one["review_gain"].items()
        },
        "streams": by_stream,
    }
    print(as_line(report, None if asked.json else 1))


if __name__ == "__main__":
    main()
