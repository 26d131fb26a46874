"""Non-maximum suppression: of boxes that say the same thing, the most confident stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.floating]


def suppress(boxes: Numbers, confidences: Numbers, labels: Indices, *, iou: float, most: int) -> Indices:
    """Indices of the boxes (n, 4) that stay, the most confident first, `most` at most.

    A box goes when it overlaps a more confident one of its own label by more than `iou`. The work ends with the last one
    kept, so that thousands of faint boxes cost little.
    """
    order = np.argsort(-confidences, kind="stable")
    chosen = boxes[order].astype(np.float64)
    # Each label is moved to a place of its own, where it meets no other.
    span = float(chosen.max(initial=0.0) - chosen.min(initial=0.0)) + 1.0
    x1, y1, x2, y2 = np.ascontiguousarray((chosen + labels[order, None] * span).T)
    area = (x2 - x1) * (y2 - y1)
    gone = np.zeros(len(order), bool)
    kept: list[int] = []
    at = 0
    while at < len(order) and len(kept) < most:
        kept.append(at)
        rest = slice(at + 1, None)
        across = np.minimum(x2[rest], x2[at]) - np.maximum(x1[rest], x1[at])
        down = np.minimum(y2[rest], y2[at]) - np.maximum(y1[rest], y1[at])
        shared = np.maximum(across, 0.0) * np.maximum(down, 0.0)
        gone[rest] |= shared > iou * (area[rest] + area[at] - shared)
        ahead = gone[rest]
        step = int(ahead.argmin()) if len(ahead) else 0
        if not len(ahead) or ahead[step]:
            break
        at += 1 + step
    return np.asarray(order[kept], np.intp)
