"""Where a candidate is better or worse: label by label and source by source, with false discoveries kept few. Pure.

Many labels are many tests, and some fall by chance: only those are called worse (or better) that Benjamini and Hochberg's procedure
believes, so that on average at most one in ten of them is chance. What too few objects show is *not assessed*, which is not *passed*.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relens.metrics.average_precision import ApStore
from relens.metrics.paired import (
    PairedDifference,
    chance_of_no_worse,
    discoveries,
    paired_classification,
    paired_detection,
    paired_ratio,
)
from relens.training.evaluate import Evaluated

Kind = Literal["label", "source"]
State = Literal["worse", "better", "no different", "not assessed"]
Weights = Mapping[str, float]

LEAST = 30
"""Objects of a label, or images of a source: with fewer nothing is said of it."""
FALSE_DISCOVERIES = 0.10


@dataclass(frozen=True, slots=True)
class Part:
    """One label or one source. `count`: its objects (of a label) or images (of a source) in the test images.

    `lower` and `upper` are one-sided 95 % bounds of the difference. Numbers are None where there is nothing to measure.
    """

    kind: Kind
    name: str
    metric: str
    champion: float | None
    candidate: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    count: int
    state: State


def by_label(champion: Evaluated, candidate: Evaluated, labels: Sequence[str], weights: Weights) -> tuple[Part, ...]:
    """F1 of each label of a classifier, mAP of each label of a detector; `weights` by asset, 1 where there is none."""
    found = [(label, *_label(champion, candidate, label, weights)) for label in labels]
    metric = "f1" if champion.correct is not None else "map50_95"
    return _parts("label", metric, found)


def by_source(champion: Evaluated, candidate: Evaluated, metric: str, weights: Weights) -> tuple[Part, ...]:
    """The deciding metric on the images of each source; nothing where all images come from one."""
    sources = dict.fromkeys(champion.sources)
    if len(sources) < 2:
        return ()
    found = []
    for source in sources:
        own = [i for i, other in enumerate(champion.sources) if other == source]
        seen = _source(champion, candidate, own, metric, weights) if len(own) >= LEAST else None
        found.append((source or "images without a source", seen, len(own)))
    return _parts("source", metric, found)


def _label(
    champion: Evaluated, candidate: Evaluated, label: str, weights: Weights
) -> tuple[PairedDifference | None, int]:
    if champion.correct is not None:
        count = champion.true.count(label)
        each = [weights.get(asset, 1.0) for asset in champion.assets]
        if not count:
            return None, 0
        return paired_ratio(_f1(champion, label), _f1(candidate, label), champion.groups, each), count
    count = sum(int(match[label].positives[0]) for match in champion.matches if label in match)
    if not count:
        return None, 0
    groups = dict(zip(champion.assets, champion.groups, strict=True))
    return paired_detection(_only(champion, label), _only(candidate, label), groups, weights), count


def _f1(version: Evaluated, label: str) -> tuple[list[float], list[float]]:
    """Per image: twice the hits, and what was said plus what is true."""
    said = np.array([one == label for one in version.said], dtype=np.float64)
    true = np.array([one == label for one in version.true], dtype=np.float64)
    return list(2 * said * true), list(said + true)


def _only(version: Evaluated, label: str) -> ApStore:
    store = ApStore([label])
    for asset, match in zip(version.assets, version.matches, strict=True):
        store.insert(asset, {label: match[label]} if label in match else {})
    return store


def _source(
    champion: Evaluated, candidate: Evaluated, own: Sequence[int], metric: str, weights: Weights
) -> PairedDifference:
    assets, groups = [champion.assets[i] for i in own], [champion.groups[i] for i in own]
    if champion.correct is not None and candidate.correct is not None:
        right = [[version.correct[i] for i in own] for version in (champion, candidate) if version.correct is not None]
        return paired_classification(right[0], right[1], groups, [weights.get(asset, 1.0) for asset in assets])
    assert champion.store is not None
    assert candidate.store is not None
    stores = champion.store.part(assets), candidate.store.part(assets)
    return paired_detection(*stores, dict(zip(assets, groups, strict=True)), weights, statistic=metric)


def _parts(kind: Kind, metric: str, found: Collection[tuple[str, PairedDifference | None, int]]) -> tuple[Part, ...]:
    chances: dict[str, float] = {}
    for name, seen, count in found:
        chance = chance_of_no_worse(seen) if seen is not None and count >= LEAST else None
        if chance is not None:
            chances[name] = chance
    worse = dict(zip(chances, discoveries(list(chances.values()), FALSE_DISCOVERIES), strict=True))
    better = dict(zip(chances, discoveries([1 - one for one in chances.values()], FALSE_DISCOVERIES), strict=True))

    def state(name: str) -> State:
        if name not in chances:
            return "not assessed"
        return "worse" if worse[name] else "better" if better[name] else "no different"

    return tuple(
        Part(
            kind,
            name,
            metric,
            seen.value_a if seen else None,
            seen.value_b if seen else None,
            seen.difference if seen else None,
            seen.lower95 if seen else None,
            seen.upper95 if seen else None,
            count,
            state(name),
        )
        for name, seen, count in found
    )
