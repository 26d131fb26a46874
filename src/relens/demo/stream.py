"""What the demonstration is played with: images to train on, to judge by, to report on, and a stream that arrives.

What is true of arriving images is kept apart from the images themselves (`truth`): only the simulated reviewer is given it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from relens.vision.annotation import Annotation

Truth = Callable[[str], tuple[Annotation, ...] | None]
"""What is true of the arriving image of that name; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class Example:
    """An image of which is known what is true; `read` gives its encoded bytes. `file_name` is its path in a dataset."""

    file_name: str
    read: Callable[[], bytes]
    annotations: tuple[Annotation, ...]
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image that comes from production; nothing is known of it. `ago`: how long before now it was taken."""

    name: str
    read: Callable[[], bytes]
    source: str | None = None
    tags: tuple[str, ...] = ()
    phase: int = 0
    ago: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Stream:
    """`gate` images may be seen by the promotion gate, `report` images by nothing but the final report.

    `past` arrived before the storyline begins (built-in stream only), `production` arrives in this order.
    """

    title: str
    task: str
    labels: tuple[str, ...]
    train: tuple[Example, ...]
    gate: tuple[Example, ...]
    report: tuple[Example, ...]
    production: tuple[Arrival, ...]
    truth: Truth = field(repr=False)
    past: tuple[Arrival, ...] = ()
    simulated: bool = False
    notes: tuple[str, ...] = ()
    """Sentences about what was left out or decided while reading."""
