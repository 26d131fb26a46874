"""Whether an image is kept: a pure decision that gives its reason and how probable keeping it was.

The random share is drawn among all images, the uncertain ones too. So the images whose reason is "random" are a fair sample of the traffic,
and an uncertain one that the draw missed is kept beside it without bending what the sample says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from relens.deployments.keeping import LEAST_SHARE, Keeping
from relens.kit.ids import share_of
from relens.vision.prediction import Detection

Reason = Literal["all", "random", "uncertain", "unusual", "failed", "left out", "none", "not sent", "erased"]
NOT_KEPT: frozenset[str] = frozenset({"left out", "none", "not sent", "erased"})
"""The reasons for which a line of the log never had its image here, or has it no more by a person's wish."""

FAIR: frozenset[str] = frozenset({"all", "random"})
"""The reasons of images that are kept whatever they show: these speak for all traffic."""

UNUSUAL_FROM = 0.99
"""Outlier scores are 1 - p: one image in a hundred like the training data is called unusual."""
BAND = 0.15
"""A detection this near the threshold makes an image uncertain; so do two labels of a whole image this near each other."""


class Answered(Protocol):
    """What the decision looks at."""

    @property
    def detections(self) -> tuple[Detection, ...]: ...
    @property
    def threshold(self) -> float: ...
    @property
    def error(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """`probability` is that of being kept, for an image with such an answer."""

    keep: bool
    reason: Reason
    probability: float


def decide(policy: Keeping, said: Answered, chance: float, outlier: float | None = None) -> Decision:
    """`chance`: uniform in [0, 1) and independent of the answer. `outlier`: the outlier score, None where it is not known."""
    if policy.images == "all":
        return Decision(True, "all", 1.0)
    if policy.images == "none":
        return Decision(False, "none", 0.0)
    share = _share(policy)
    standing_out = None if policy.images == "share" else stands_out(said, outlier)
    probability = share if standing_out is None else 1.0
    if chance < share:
        return Decision(True, "random", probability)
    return Decision(False, "left out", probability) if standing_out is None else Decision(True, standing_out, 1.0)


def _share(policy: Keeping) -> float:
    return min(1.0, max(LEAST_SHARE, policy.share))


def surely(policy: Keeping, chance: float) -> bool:
    """Whether `decide` keeps the image whatever is said of it."""
    if policy.images in ("all", "none"):
        return policy.images == "all"
    return chance < _share(policy)


def chance_of(deployment: str, asset: str) -> float:
    """The draw of one image: the same however often it is sent, so that what the log says of it is true of all its lines."""
    return share_of(asset, f"keep {deployment}")


def stands_out(said: Answered, outlier: float | None) -> Literal["failed", "uncertain", "unusual"] | None:
    """Why this image deserves to be kept whatever the draw says."""
    if said.error is not None:
        return "failed"
    if uncertain(said):
        return "uncertain"
    return "unusual" if outlier is not None and outlier >= UNUSUAL_FROM else None


def uncertain(said: Answered) -> bool:
    """Whether another answer was near: a shape close to the threshold, or the two best labels of the whole image close together."""
    whole = sorted((d.confidence for d in said.detections if d.shape is None), reverse=True)
    if whole:
        return whole[0] < 0.5 or (len(whole) > 1 and whole[0] - whole[1] < BAND)
    return any(abs(d.confidence - said.threshold) < BAND for d in said.detections)
