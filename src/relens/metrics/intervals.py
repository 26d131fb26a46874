"""How far a rate seen on few images can be trusted."""

from typing import NamedTuple

from scipy.special import betaincinv


class Interval(NamedTuple):
    """Both ends belong to it."""

    lower: float
    upper: float


def jeffreys(successes: float, trials: float, level: float = 0.95) -> Interval | None:
    """Equal-tailed Jeffreys interval of a rate; None without trials.

    Counts may be fractional (an effective sample size). At 0 and at all successes the outer end is 0 or 1, as
    Brown, Cai and DasGupta (2001) advise: otherwise the coverage falls to zero there.
    """
    if trials <= 0:
        return None
    tail = (1 - level) / 2
    failures = trials - successes
    lower = 0.0 if successes <= 0 else float(betaincinv(successes + 0.5, failures + 0.5, tail))
    upper = 1.0 if failures <= 0 else float(betaincinv(successes + 0.5, failures + 0.5, 1 - tail))
    return Interval(lower, upper)
