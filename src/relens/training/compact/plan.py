"""What the run decides for itself, from the images and the objects in them: sizes, length, which ways up are equal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relens.training.compact.data import Floats, Sample
from relens.training.compact.order import Order

MULTIPLE = 32
SMALLEST_OBJECT = 32.0
ENOUGH_VIEWS = 2500
STEPS = 600
PASSES = 200
RATES = {"detection": 4e-3, "classification": 1e-3}
"""Learning rates at a batch of 8."""
LEAST_BATCH = {"detection": 4, "classification": 8}
"""Normalisation needs as many places as this: a small whole image has few. On 102 handwritten digits and 2,040 views, seeds 2, 1 and 3 ended at
an accuracy of 0.42, 0.72 and 0.83 with batches of 4; seeds 2 and 1 at 0.83 and 0.83 with 8, at 0.84 and 0.81 with 16."""
PIXELS_PER_SECOND = 1.3e6
"""What one thread learns from in a second, roughly: only the choice of the batch rests on it."""


@dataclass(frozen=True)
class Plan:
    """How this run trains: input height and width, batch, epochs or minutes (either may be open), rates.

    `passes` is how often it will see every image, roughly.
    """

    height: int
    width: int
    batch: int
    passes: float
    epochs: int | None
    minutes: float | None
    learning_rate: float
    channels: float
    seed: int

    @property
    def longest(self) -> int:
        return max(self.height, self.width)


def make_plan(order: Order, samples: Sequence[Sample]) -> Plan:
    """A plan for the order; whatever the person did not ask for follows from the training images."""
    wishes = order.wishes
    minutes = wishes.minutes
    if wishes.epochs is None and minutes is None:
        minutes = automatic_minutes(len(samples)) * (0.6 if order.start_from else 1.0)
    pixels = 60 * minutes * order.threads * PIXELS_PER_SECOND if minutes else math.inf
    if order.task == "detection":
        size = wishes.image_size or affordable(detection_size(samples), pixels)
        height, width = input_shape(samples, size)
    else:
        height = width = _whole(wishes.image_size or classification_size(samples, pixels))
    ahead = min(pixels / (height * width), wishes.epochs * len(samples) if wishes.epochs else math.inf)
    batch = max(2, wishes.batch or automatic_batch(ahead, LEAST_BATCH[order.task]))
    return Plan(
        height=height,
        width=width,
        batch=batch,
        passes=ahead / len(samples),
        epochs=wishes.epochs,
        minutes=minutes,
        learning_rate=wishes.learning_rate
        or RATES[order.task] * math.sqrt(batch / 8) * (0.5 if order.start_from else 1.0),
        channels=wishes.width or 1.0,
        seed=wishes.seed,
    )


def automatic_minutes(images: int) -> float:
    """Wall time that a training set of this many images deserves: 3 minutes for 100, 5.5 for 500, 20 at most."""
    return float(np.clip(1.2 * (images / 10) ** 0.4, 1.0, 20.0))


def automatic_batch(views: float, least: int) -> int:
    """Images a step for this many views in all: a short run needs its steps more than smooth gradients, down to `least`."""
    return next((batch for batch in (16, 8) if views >= batch * STEPS), least)


def affordable(longest: int, pixels: float) -> int:
    """The longer side, down to 0.6 of it where the time would not be enough for many views: a short run."""
    return round(longest * float(np.clip(math.sqrt(pixels / (ENOUGH_VIEWS * longest**2)), 0.6, 1.0)))


def detection_size(samples: Sequence[Sample]) -> int:
    """The longer side of the input, such that all but the smallest objects remain recognisable."""
    longest = float(np.median([max(sample.width, sample.height) for sample in samples]))
    shares = [_object_shares(sample) for sample in samples if len(sample.boxes)]
    small = float(np.quantile(np.concatenate(shares), 0.1)) if shares else 0.1
    wanted = SMALLEST_OBJECT / max(small, 1e-3)
    largest = min(640.0, max(64.0, 1.5 * longest))
    return _whole(float(np.clip(wanted, min(192.0, largest), largest)))


def _object_shares(sample: Sample) -> Floats:
    sides = sample.boxes[:, 2:] - sample.boxes[:, :2]
    return np.asarray(np.sqrt(sides.prod(1)) / max(sample.width, sample.height), np.float32)


def classification_size(samples: Sequence[Sample], pixels: float) -> int:
    """Input side: the largest of 160, 128 and 96 pixels at which the time gives enough passes; not above the images' own.

    From few images passes count for more than detail: on 491 photos, 60 passes at 96 pixels reached an accuracy of 0.52, 21 passes
    at 160 pixels 0.44 in more than twice the time.
    """
    longest = float(np.median([max(sample.width, sample.height) for sample in samples]))
    enough = math.isfinite(pixels) and pixels / (PASSES * len(samples))
    side = next((side for side in (160, 128) if enough >= side * side), 96)
    return _whole(float(np.clip(longest, 64, side)))


def input_shape(samples: Sequence[Sample], longest: int) -> tuple[int, int]:
    """Height and width with the longer side given: the images' proportions when they agree, otherwise square."""
    ratios = np.asarray([sample.width / sample.height for sample in samples])
    typical = float(np.median(ratios))
    agree = float(np.mean(np.abs(np.log(ratios / typical)) < 0.05))
    side = _whole(longest)
    if agree < 0.9 or not 0.4 < typical < 2.5:
        return side, side
    return (_whole(side / typical, up=True), side) if typical >= 1 else (side, _whole(side * typical, up=True))


def _whole(pixels: float, up: bool = False) -> int:
    steps = pixels / MULTIPLE
    return MULTIPLE * max(1, math.ceil(steps - 0.1) if up else round(steps))
