"""Chance: every prediction is as likely as any other, so what is reviewed speaks for all of them."""

from relens.kit.ids import share_of
from relens.review.sampler import Sampled, Sampler


def priority(sampled: Sampled) -> float:
    """Depends on the id alone: the order stays the same however often it is asked for."""
    return share_of(sampled.prediction, "review queue")


SAMPLER = Sampler("Chance", priority)
