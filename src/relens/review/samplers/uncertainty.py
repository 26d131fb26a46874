"""Doubt: predictions whose answer hung by a thread, and images unlike the training data.

A box counts as doubtful near the deployment's threshold, not near 0.5: there the answer would have been another one. The mean of
the five most doubtful boxes is taken, not their sum, which would always send crowded images first (Lyu 2023).
"""

from math import exp, log

from relens.review.sampler import Sampled, Sampler

_BOXES = 5
_STRANGE_FROM = 0.95
_STRANGE_WEIGHT = 0.3
_EDGE = 1e-4


def priority(sampled: Sampled) -> float:
    doubt = _of_labels(sampled) if sampled.whole_image else _of_boxes(sampled)
    strange = max(0.0, (sampled.outlier or 0.0) - _STRANGE_FROM) / (1 - _STRANGE_FROM)
    return min(1.0, max(0.0, (1 - _STRANGE_WEIGHT) * doubt + _STRANGE_WEIGHT * strange))


def _of_labels(sampled: Sampled) -> float:
    """Entropy of the labels' confidences, as a share of the most there could be."""
    shares = [found.confidence for found in sampled.detections if found.confidence > _EDGE]
    if len(shares) < 2:
        return 1.0 - shares[0] if shares else 1.0
    total = sum(shares)
    return -sum(share / total * log(share / total) for share in shares) / log(len(shares))


def _of_boxes(sampled: Sampled) -> float:
    doubts = sorted((_near(found.confidence, sampled.threshold) for found in sampled.detections), reverse=True)[:_BOXES]
    return sum(doubts) / len(doubts) if doubts else 0.0


def _near(confidence: float, threshold: float) -> float:
    """1 at the threshold, falling to 0 on both sides: the binary entropy of the confidence, its odds taken relative to the threshold."""
    odds = _logit(confidence) - _logit(threshold)
    share = 1 / (1 + exp(-odds))
    share = min(max(share, _EDGE), 1 - _EDGE)
    return -(share * log(share) + (1 - share) * log(1 - share)) / log(2)


def _logit(share: float) -> float:
    share = min(max(share, _EDGE), 1 - _EDGE)
    return log(share / (1 - share))


SAMPLER = Sampler("Doubt, and how unusual the image is", priority)
