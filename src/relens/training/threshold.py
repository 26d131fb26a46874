"""Advises a confidence threshold: where precision and recall of a detector are best together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from relens.metrics.matching import LabelMatch

LOWEST, HIGHEST = 0.02, 0.98
USUAL = 0.25


class BestF1(NamedTuple):
    """The threshold and what it gives at IoU 0.5, all labels together; None where there is nothing to find."""

    threshold: float | None
    precision: float | None
    recall: float | None
    f1: float | None


def best_f1(matches: Sequence[LabelMatch]) -> BestF1:
    """Over every confidence that was said: matching is greedy by confidence, so a higher threshold only leaves out a tail."""
    positives = sum(int(match.positives[0]) for match in matches)
    if positives == 0:
        return BestF1(None, None, None, None)
    scores = np.concatenate([match.scores for match in matches])
    found = np.concatenate([match.hits[:, 0] & 1 for match in matches]).astype(bool)
    counted = np.concatenate([match.ignored[:, 0] & 1 for match in matches]) == 0
    order = np.argsort(-scores, kind="stable")
    order = order[counted[order]]
    if not found[order].any():
        # Every threshold is as bad as any other; the highest of them would leave a first model silent.
        return BestF1(USUAL, 0.0 if len(order) else None, 0.0, 0.0)
    tp = np.cumsum(found[order])
    said = np.arange(1, len(order) + 1)
    f1 = 2 * tp / (said + positives)
    # Equal confidences stand or fall together.
    last = np.append(np.diff(scores[order]) != 0, True)
    best = int(np.argmax(np.where(last, f1, -1.0)))
    threshold = float(np.clip(np.floor(scores[order][best] * 1000) / 1000, LOWEST, HIGHEST))
    return BestF1(threshold, float(tp[best] / said[best]), float(tp[best] / positives), float(f1[best]))
