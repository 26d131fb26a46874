"""A metric of all traffic from few reviews that were drawn with known probabilities, with an interval that can be trusted.

Ratios (precision, recall, F1, accuracy) are estimated by AIPW, also called PPI++: what the model's own calibrated confidences
predict for all images, corrected by the reviewed ones, each weighted by 1 / probability. How far the prediction is used (`weight`)
is tuned, so that a useless one costs nothing. Average precision is weighted the same way; its upward bias on few images is
taken off by comparing it with halves of itself, and its spread is that of what each image moves it.
"""

from collections.abc import Callable
from math import ceil, isfinite, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from relens.metrics.influence import Influence

Floats = NDArray[np.float64]
Value = Callable[[NDArray[np.complex128]], NDArray[np.complex128]]

LEAST_REVIEWS = 100
"""With fewer, intervals miss more often than they say."""
LEVEL = 0.95
_STEPS = 6
_MOST_WEIGHT = 1.5
_TUNED_FOR = 300
"""Reviews for which the any-time interval is narrowest."""
_STEP = 1e-20
_LEAST_FREEDOM = 4.0
SPLITS = 30


class Estimate(NamedTuple):
    """`lower`, `upper`: a 95 % interval for one look; `always_lower`, `always_upper` hold at every look at once.

    `weight` of the predictions, 0 not used at all to 1.5. None: too few reviews to say.
    """

    value: float
    standard_error: float
    reviews: int
    weight: float
    lower: float | None
    upper: float | None
    always_lower: float | None
    always_upper: float | None

    def without_interval(self) -> "Estimate":
        """Where an interval would say more than is known."""
        return self._replace(lower=None, upper=None, always_lower=None, always_upper=None)


class Sample(NamedTuple):
    """Reviewed images in order: true numerators and denominators, predicted ones, and how probable each was."""

    a: Floats
    b: Floats
    f: Floats
    g: Floats
    probability: Floats


def ratio(sample: Sample, images: float, predicted_a: float, predicted_b: float, unit: float = 1.0) -> Estimate | None:
    """Σa / Σb over all `images`; `predicted_*` are the sums of the predictions f and g over them. None where that cannot be known.

    `unit`: what one wrong answer takes from Σa.
    """
    if not sample.b.any():
        return None
    y, h = np.stack([sample.a, sample.b], axis=1), np.stack([sample.f, sample.g], axis=1)
    predicted = np.array([predicted_a, predicted_b])
    units = np.array([unit, 0.0])
    return smooth(y, h, sample.probability, images, predicted, lambda sums: sums[..., 0] / sums[..., 1], units)


def smooth(
    y: Floats,
    h: Floats,
    probability: Floats,
    images: float,
    predicted: Floats,
    value_of: Value,
    units: Floats,
) -> Estimate | None:
    """A smooth function of J sums over all `images`: `y` (k, J) of the reviewed ones, `h` (k, J) what was predicted of them.

    `predicted` (J,): the sums of the predictions over all images. `value_of` takes (..., J) complex sums, as its slopes are read off the
    imaginary part (a complex step loses no digits). `units` (J,): how far one wrong answer moves each sum. None where it cannot be known.

    To the variance that is seen that of one wrong answer that was not seen is added: where mistakes are rare a sample often holds none,
    or none of the heavy ones, and its own spread then says that all is known.
    """
    k = len(y)
    if k < 2 or images <= 0:
        return None
    raw = 1 / probability
    # Weights that add up to the images there are: what was drawn a little too much or too little cancels.
    w = raw * images / raw.sum()
    v = np.maximum(1 - probability, 0) * w * w
    sums, weight = w @ y, 0.0
    for _ in range(_STEPS):
        slope = _slopes(value_of, sums)
        weight = _tuned(_centred(y @ slope, w), _centred(h @ slope, w), v)
        sums = weight * predicted + w @ (y - weight * h)
        if sums[-1] <= 0:
            return None
    value, slope = float(value_of(sums.astype(np.complex128)).real), _slopes(value_of, sums)
    if not isfinite(value) or not np.isfinite(slope).all():
        return None
    left = _left_out(value_of, y - weight * h, w, weight * predicted)
    linear = _centred((y - weight * h) @ slope, w)
    left = np.where(np.isfinite(left), left, linear)
    parts = v * left * left
    unseen = float(((slope * units) ** 2).sum() * (v.mean()))
    return with_intervals(value, sqrt(k / (k - 1) * float(parts.sum()) + unseen), k, weight, _freedom(parts, unseen))


def _freedom(parts: Floats, certain: float) -> float:
    """Degrees of freedom of a variance that is the sum of `parts`: as many as there are, fewer where few of them make most of it.

    `certain` is added to it and varies with nothing.
    """
    total = float(parts.sum())
    spread = float((parts * parts).sum()) - total * total / len(parts)
    most = len(parts) - 1.0
    return most if spread <= 0 else min(max(2 * (total + certain) ** 2 / spread, _LEAST_FREEDOM), most)


def _left_out(value_of: Value, residuals: Floats, w: Floats, predicted: Floats) -> Floats:
    """How far the value moves without each image, per unit of its weight (k,): the jackknife.

    Where a sum rests on few images this is further than the slope says, and intervals from slopes are too narrow there.
    """
    total, share = w @ residuals, w / w.sum()
    without = predicted + (total - w[:, None] * residuals) / (1 - share)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = value_of((predicted + total).astype(np.complex128)).real - value_of(without.astype(np.complex128)).real
        return np.asarray(moved * (1 - share) / w, dtype=np.float64)


def _slopes(value_of: Value, sums: Floats) -> Floats:
    steps = np.maximum(np.abs(sums), 1.0) * _STEP
    moved = sums + 1j * np.diag(steps)
    return np.asarray(value_of(moved).imag / steps, dtype=np.float64)


def _centred(values: Floats, w: Floats) -> Floats:
    return np.asarray(values - (w * values).sum() / w.sum(), dtype=np.float64)


def _tuned(y: Floats, h: Floats, v: Floats) -> float:
    bottom = float((v * h * h).sum())
    return min(max(float((v * y * h).sum()) / bottom, 0.0), _MOST_WEIGHT) if bottom > 0 else 0.0


def with_intervals(value: float, error: float, k: int, weight: float = 0.0, freedom: float | None = None) -> Estimate:
    """The estimate with both intervals, cut to [0, 1]; without them below LEAST_REVIEWS. `freedom` of the error, k - 1 if left out."""
    if k < LEAST_REVIEWS or not isfinite(error):
        return Estimate(_inside(value), error, k, weight, None, None, None, None)
    fixed = float(stdtrit(freedom or k - 1, (1 + LEVEL) / 2)) * error
    always = always_factor(k) * error
    ends = (value - fixed, value + fixed, value - always, value + always)
    return Estimate(_inside(value), error, k, weight, *(_inside(end) for end in ends))


def _inside(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def always_factor(k: int, alpha: float = 1 - LEVEL) -> float:
    """Standard errors on each side of an asymptotic confidence sequence (Waudby-Smith et al., arXiv:2103.06476)."""
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / _TUNED_FOR
    scale = k * rho2 + 1
    return sqrt(k) * sqrt(2 * scale / (k * k * rho2) * log(sqrt(scale) / alpha))


def more_reviews(found: Estimate, half_width: float = 0.03) -> int:
    """About how many more reviews until the interval is ± `half_width`; at least until there is one."""
    wanted = ceil((found.standard_error * 1.96 / half_width) ** 2 * found.reviews)
    return max(wanted, LEAST_REVIEWS, found.reviews) - found.reviews


def half_sampled(
    value: float,
    value_of: Callable[[Floats], Floats],
    probability: Floats,
    influence: Influence,
    seed: int = 0,
) -> Estimate | None:
    """A metric that is biased on few images (average precision): `value` + whole - mean of halves, and its spread from the images' influence.

    `value_of` (R, k) rows of weights -> (R,) values without the steps of a grid, which the difference would have twice; NaN where there is
    nothing to measure. `value` and `influence` under the weights 1 / probability. Halves tell the bias well and the spread badly: with so few
    of them it is off by a quarter, whatever the number of images.
    """
    k, weights = len(probability), 1 / probability
    if k < 4:
        return None
    rng = np.random.default_rng(seed)
    first = np.zeros((SPLITS, k), dtype=bool)
    for row in first:
        row[rng.permutation(k)[: k // 2]] = True
    values = value_of(np.concatenate([np.ones((1, k)), first, ~first]) * weights)
    whole, one, other = float(values[0]), values[1 : SPLITS + 1], values[SPLITS + 1 :]
    known = ~np.isnan(one) & ~np.isnan(other)
    if not isfinite(whole) or not isfinite(value) or known.sum() < SPLITS // 2:
        return None
    halves = (one[known] + other[known]) / 2
    v = np.maximum(1 - probability, 0) * weights * weights
    parts = v * influence.by_image * influence.by_image
    unseen = influence.one_mistake**2 * float(v.mean())
    error = sqrt(k / (k - 1) * float(parts.sum()) + unseen + influence.grid**2)
    return with_intervals(value + whole - float(halves.mean()), error, k, freedom=_freedom(parts, unseen))
