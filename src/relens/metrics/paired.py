"""Is version B better than version A? The difference of a metric on the same images, with its uncertainty.

Both versions are judged on the same resampled images, so what makes an image hard for both cancels: about three times
fewer reviews than two separate intervals need, and the bias of average precision on few images cancels too. Images of
one group (a scene, a camera-hour) rise and fall together and are resampled together.

The small-sample bound takes the larger of the jackknife's and the bootstrap's standard error (the bootstrap's is about
7 % low at 15 images, the jackknife's does not see what resampling does to the precision envelope), variance times 1.15
(the same correction as for single intervals), and Student's t with one degree of freedom less than groups. For right or
wrong answers it must also pass an exact sign test: t trusts a handful of differing images too early. Wrong promotions
of equal or worse candidates at 15, 20, 50 and 94 images: `python -m benchmarks.gate`. What it cannot see, as nothing
can: a failure so rare that none of the images shows it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, stdtr, stdtrit

from relens.kit.errors import Invalid
from relens.metrics.average_precision import ApStore

Floats = NDArray[np.float64]
Ratio = tuple[ArrayLike, ArrayLike]
"""Numerators and denominators, one of each per image."""

REPLICATES = 200
JACKKNIFE_UP_TO = 200
"""Groups; with more of them the bootstrap alone is stable enough."""
SMALL_SAMPLE_LEVEL = 0.99
INFLATION = 1.15


class NotPaired(Invalid):
    """The two versions were not judged on the same images."""


@dataclass(frozen=True)
class PairedDifference:
    """`difference` = value_b - value_a. None: cannot be known (nothing to measure, or a single group).

    `lower95` and `upper95` are one-sided 95 % bounds each (together a 90 % interval), for enough images (200 or so).
    `lower99_small_sample` is a one-sided 99 % bound that holds from 15 images on.
    """

    value_a: float | None
    value_b: float | None
    difference: float | None
    standard_error: float | None
    n_images: int
    n_groups: int
    lower95: float | None
    upper95: float | None
    lower99_small_sample: float | None


def paired_detection(
    a: ApStore,
    b: ApStore,
    groups: Mapping[Any, Hashable] | None = None,
    weights: Mapping[Any, float] | None = None,
    statistic: str = "map50_95",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> PairedDifference:
    """Compare average precision; both stores must hold the same images (and their objects). Raises NotPaired.

    `statistic` is one of average_precision.AVERAGED. `groups` and `weights` map image keys; an image without a group
    is one of its own, one without a weight has weight 1. Pure of chance but for `seed`.
    """
    keys = a.image_keys
    if keys != b.image_keys:
        raise NotPaired(f"version A was judged on {len(a)} images and version B on {len(b)}, which are not the same")
    own = groups or {}
    group = _numbered([own.get(key, ("image", key)) for key in keys])
    base = np.array([1.0 if weights is None else weights.get(key, 1.0) for key in keys])

    def values(rows: Floats) -> tuple[Floats, Floats]:
        return a.replicates(rows, statistic), b.replicates(rows, statistic)

    return _compare(values, group, base, replicates, seed)


def paired_classification(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    groups: Sequence[Hashable] | None = None,
    weights: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> PairedDifference:
    """Compare accuracy; `correct_*[i]` says whether the version was right (1) or not (0) about image i.

    Raises NotPaired when the lengths differ.
    """
    right_a, right_b = (np.asarray(right, dtype=np.float64).ravel() for right in (correct_a, correct_b))
    if len(right_a) != len(right_b):
        raise NotPaired(f"version A was judged on {len(right_a)} images and version B on {len(right_b)}")
    group = _numbered(range(len(right_a)) if groups is None else groups)
    base = np.ones(len(right_a)) if weights is None else np.asarray(weights, dtype=np.float64).ravel()

    def values(rows: Floats) -> tuple[Floats, Floats]:
        total = rows.sum(axis=1)
        known = np.where(total > 0, total, np.nan)
        return rows @ right_a / known, rows @ right_b / known

    compared = _compare(values, group, base, replicates, seed)
    if compared.lower99_small_sample is None:
        return compared
    net = np.bincount(group, weights=base * (right_b - right_a)).astype(np.float64)
    return replace(compared, lower99_small_sample=min(compared.lower99_small_sample, _sign_bound(net)))


def paired_ratio(
    a: tuple[ArrayLike, ArrayLike],
    b: tuple[ArrayLike, ArrayLike],
    groups: Sequence[Hashable] | None = None,
    weights: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> PairedDifference:
    """Compare sum / sum, as precision, recall and F1 are: each version as (numerators, denominators), one pair per image.

    Raises NotPaired when the lengths differ.
    """
    (top_a, below_a), (top_b, below_b) = (
        tuple(np.asarray(part, dtype=np.float64).ravel() for part in version) for version in (a, b)
    )
    if len({len(part) for part in (top_a, below_a, top_b, below_b)}) > 1:
        raise NotPaired(f"version A was judged on {len(top_a)} images and version B on {len(top_b)}")
    group = _numbered(range(len(top_a)) if groups is None else groups)
    base = np.ones(len(top_a)) if weights is None else np.asarray(weights, dtype=np.float64).ravel()

    def values(rows: Floats) -> tuple[Floats, Floats]:
        return _ratio(rows @ top_a, rows @ below_a), _ratio(rows @ top_b, rows @ below_b)

    return _compare(values, group, base, replicates, seed)


def paired_shortfall(
    a: tuple[Ratio, Ratio],
    b: tuple[Ratio, Ratio],
    groups: Sequence[Hashable],
    weights: ArrayLike,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> PairedDifference:
    """Compare how far each version stays below what it could reach, each as (as it is, as it could be), as in `paired_ratio`.

    What could be was itself chosen on these images and looks a little too good: ask for more than 0 of the lower bound.
    """
    parts = [tuple(np.asarray(part, dtype=np.float64).ravel() for part in ratio) for ratio in (*a, *b)]
    base = np.asarray(weights, dtype=np.float64).ravel()

    def values(rows: Floats) -> tuple[Floats, Floats]:
        now_a, could_a, now_b, could_b = (_ratio(rows @ top, rows @ below) for top, below in parts)
        return could_a - now_a, could_b - now_b

    return _compare(values, _numbered(groups), base, replicates, seed)


def chance_of_no_worse(found: PairedDifference) -> float | None:
    """How probable so low a difference is where B is just as good: small means worse. None where that cannot be known.

    Student's t on the widened variance of the small-sample bound; one-sided, so 1 - this is the chance of "no better".
    """
    if found.difference is None or found.standard_error is None:
        return None
    error = sqrt(INFLATION) * found.standard_error
    if error == 0:
        return 0.5 if found.difference == 0 else float(found.difference > 0)
    return float(stdtr(found.n_groups - 1, found.difference / error))


def discoveries(chances: Sequence[float], share: float) -> list[bool]:
    """Which of many tests to believe, so that on average at most `share` of the believed ones are chance (Benjamini and Hochberg 1995)."""
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    last = max((rank for rank, i in enumerate(order, 1) if chances[i] <= share * rank / len(chances)), default=0)
    believed = set(order[:last])
    return [i in believed for i in range(len(chances))]


def _ratio(top: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(top, below, out=np.full(len(top), np.nan), where=below > 0)
    return ratio


def _compare(
    values: Callable[[Floats], tuple[Floats, Floats]],
    group: NDArray[np.int64],
    base: Floats,
    replicates: int,
    seed: int,
) -> PairedDifference:
    """`values` gives A's and B's metric under each row of image weights; `group` numbers each image's group from 0."""
    images, groups = len(base), int(group.max()) + 1 if len(group) else 0
    if groups == 0:
        return PairedDifference(None, None, None, None, images, groups, None, None, None)
    times = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=replicates)
    left_out = 1 - np.eye(groups) if groups <= JACKKNIFE_UP_TO else np.empty((0, groups))
    a, b = values(np.concatenate([np.ones((1, groups)), left_out, times])[:, group] * base)
    if isnan(a[0]) or isnan(b[0]):
        return PairedDifference(_known(a[0]), _known(b[0]), None, None, images, groups, None, None, None)
    moved = b - a
    difference, without, resampled = float(moved[0]), moved[1 : 1 + len(left_out)], moved[1 + len(left_out) :]
    lower95 = upper95 = small = error = None
    if groups > 1:
        error = max(_jackknife(without), _spread(resampled))
        width = float(stdtrit(groups - 1, 0.95)) * error
        lower95, upper95 = difference - width, difference + width
        small = difference - float(stdtrit(groups - 1, SMALL_SAMPLE_LEVEL)) * sqrt(INFLATION) * error
    return PairedDifference(float(a[0]), float(b[0]), difference, error, images, groups, lower95, upper95, small)


def _sign_bound(net: Floats) -> float:
    """Exact 99 % lower bound of P(B wins) - P(A wins) over groups, given how many groups tell them apart."""
    wins, losses = int((net > 0).sum()), int((net < 0).sum())
    if wins == 0:
        return -(losses / len(net)) if losses else 0.0
    least = float(betaincinv(wins, losses + 1, 1 - SMALL_SAMPLE_LEVEL))
    return (2 * least - 1) * (wins + losses) / len(net)


def _jackknife(without: Floats) -> float:
    """Standard error from the values without one group each; 0 without any."""
    known = without[~np.isnan(without)]
    return sqrt((len(known) - 1) * float(known.var())) if len(known) > 1 else 0.0


def _spread(resampled: Floats) -> float:
    known = resampled[~np.isnan(resampled)]
    return float(known.std(ddof=1)) if len(known) > 1 else 0.0


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _numbered(groups: Iterable[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.int64)
