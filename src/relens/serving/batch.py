"""Several images of one version at once, where that is quicker; what goes wrong with one of them is its own failure only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relens.inference.errors import BrokenModel
from relens.inference.features import Look
from relens.inference.load import LoadedVersion
from relens.inference.predict import Inferred, Prepared, conclude, prepare

SIZES = (2, 4, 8)
# On a processor a batch mostly costs what its images cost one by one; below this gain it only makes the first of them wait.
WORTH = 0.9
_REPEATS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """Why an image has no answer. `prepared` is there when the image itself was sound."""

    error: Exception
    prepared: Prepared | None = None


Outcome = Inferred | Failure
Outputs = Mapping[str, Any]
Glance = Callable[[], Look]
Calm = Callable[[], None]
"""Waits for a moment in which nobody is being answered, and not for long."""


def answer_all(
    images: Sequence[bytes], loaded: LoadedVersion, glance: Callable[[int, Prepared], Glance]
) -> list[Outcome]:
    """What `predict` says of each image, or why it says nothing, in their order.

    `glance` begins to look at an image (its place among `images` is given, too) and gives what waits for the result: the model runs meanwhile.
    """
    begun = [_begun(data, loaded) for data in images]
    sound = [one for one in begun if isinstance(one, Prepared)]
    glances = [glance(place, one) for place, one in enumerate(begun) if isinstance(one, Prepared)]
    ran = iter(list(zip(_run(sound, loaded), glances, strict=True)))
    return [_finished(one, *next(ran), loaded) if isinstance(one, Prepared) else one for one in begun]


def best_together(loaded: LoadedVersion, calm: Calm = lambda: None) -> int:
    """How many images of this version to run at once at most, measured: 1 where a batch costs what its images cost alone.

    Counted in processor time of the calling thread, which a busy machine does not change; a model that takes one image only, or
    answers otherwise when there are several (see `inference.trial`), stays at 1. `calm` is asked before each run.
    """
    best = 1
    if loaded.manifest.input.batch:
        least = _seconds_each(loaded, 1, calm)
        for size in SIZES:
            each = _seconds_each(loaded, size, calm)
            if each > WORTH * least:
                break
            best, least = size, each
    return best


def _seconds_each(loaded: LoadedVersion, size: int, calm: Calm) -> float:
    """The best of a few; the first of all takes memory."""
    frames = np.repeat(loaded.frame(), size, axis=0)
    times = []
    for _ in range(_REPEATS):
        calm()
        started = time.thread_time()
        loaded.run(frames)
        times.append(time.thread_time() - started)
    return min(times) / size


def _begun(data: bytes, loaded: LoadedVersion) -> Prepared | Failure:
    try:
        return prepare(data, loaded)
    except Exception as error:  # noqa: BLE001 - it is told to the one who sent this image
        return Failure(error)


def _run(prepared: Sequence[Prepared], loaded: LoadedVersion) -> list[Outputs | Exception]:
    if len(prepared) > 1:
        try:
            together = loaded.run(np.stack([one.tensor for one in prepared]))
            if all(len(values) == len(prepared) for values in together.values()):
                return [{name: values[row] for name, values in together.items()} for row in range(len(prepared))]
        except BrokenModel:
            pass  # One of them is to blame, and only alone it shows which.
    return [_alone(one, loaded) for one in prepared]


def _alone(prepared: Prepared, loaded: LoadedVersion) -> Outputs | Exception:
    try:
        return {name: values[0] for name, values in loaded.run(prepared.tensor[None]).items()}
    except Exception as error:  # noqa: BLE001 - it is told to the one who sent this image
        return error


def _finished(prepared: Prepared, outputs: Outputs | Exception, glance: Glance, loaded: LoadedVersion) -> Outcome:
    look = glance()
    if isinstance(outputs, Exception):
        return Failure(outputs, prepared)
    try:
        return conclude(prepared, outputs, loaded, look)
    except Exception as error:  # noqa: BLE001 - what goes wrong over one answer must not take the worker with it
        return Failure(error, prepared)
