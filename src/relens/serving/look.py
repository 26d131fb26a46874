"""One look: what a version says of an image, whether it runs or not; nothing is logged.

A version that runs nowhere is loaded for it, so one look is taken at a time, and only a few may stand in line: each of them holds one of
the threads that everything else needs as well.
"""

from __future__ import annotations

import threading

from relens.inference.predict import predict
from relens.serving.answer import Busy
from relens.serving.swap import Swapper
from relens.vision.prediction import Prediction

MOST_IN_LINE = 8
_WAIT_S = 20.0
_line = threading.BoundedSemaphore(MOST_IN_LINE)
_one = threading.Lock()


def look(swapper: Swapper, version_id: str, data: bytes) -> Prediction:
    """Everything the version says. Raises Busy, and what loading and predicting raise."""
    if not _line.acquire(blocking=False):
        raise Busy("too many others look at versions already: try it again in a moment", 2.0)
    try:
        if not _one.acquire(timeout=_WAIT_S):
            raise Busy("another version is being looked at: try it again in a moment", 2.0)
        try:
            with swapper.borrow(version_id) as loaded:
                return predict(data, loaded).prediction
        finally:
            _one.release()
    finally:
        _line.release()
