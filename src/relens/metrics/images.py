"""Several images of one bucket as arrays, so that a metric counts thousands of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from relens.metrics.metric import Observed
from relens.vision.columns import Columns

_NOWHERE = (np.nan,) * 4


class Answers:
    """All that was answered on these images, image after image: `image` (its place), `label`, `confidence`, `corners` (m, 4; NaN: no place)."""

    def __init__(self, said: Sequence[Columns]) -> None:
        self.image: NDArray[np.int64] = np.repeat(np.arange(len(said)), [len(one.labels) for one in said])
        self.labels = list(chain.from_iterable(one.labels for one in said))
        self.confidence = np.array([*chain.from_iterable(one.confidences for one in said)], dtype=np.float64)
        corners = [_NOWHERE if one is None else one for one in chain.from_iterable(one.corners for one in said)]
        self.corners = np.array([*chain.from_iterable(corners)], dtype=np.float64).reshape(-1, 4)

    @cached_property
    def by_label(self) -> dict[str, NDArray[np.int64]]:
        """Where in the columns each label stands."""
        number = {label: i for i, label in enumerate(dict.fromkeys(self.labels))}
        codes = np.array([number[label] for label in self.labels], dtype=np.int64)
        ends = np.cumsum(np.bincount(codes, minlength=len(number)))
        return dict(zip(number, np.split(np.argsort(codes, kind="stable"), ends[:-1]), strict=True)) if number else {}

    @cached_property
    def placed_by_label(self) -> dict[str, NDArray[np.int64]]:
        """The same without what has no place."""
        placed = ~np.isnan(self.corners[:, 0])
        found = {label: where[placed[where]] for label, where in self.by_label.items()}
        return {label: where for label, where in found.items() if where.size}


class Images(Sequence[Observed]):
    """As metrics are given them. `said`: what was answered on each; `each`: the images one by one, made when somebody asks.

    `width`, `height`, `latency_ms` (NaN: not known) and `taken_at` are arrays; `scores` has the outlier scores that are known.
    """

    def __init__(
        self,
        said: Sequence[Columns],
        sizes: Sequence[tuple[int, int]],
        latencies: Sequence[float | None],
        taken_at: Sequence[int],
        errors: Sequence[str | None],
        scores: Sequence[float | None],
        measured: bool,
        each: Callable[[], Sequence[Observed]],
    ) -> None:
        self.said, self.errors = said, errors
        self.width, self.height = np.array(sizes, dtype=np.float64).reshape(-1, 2).T
        self.latency_ms = np.array(latencies, dtype=np.float64)  # None becomes NaN
        self.taken_at = np.array(taken_at, dtype=np.int64)
        self.scores = np.array([score for score in scores if score is not None], dtype=np.float64)
        self._measured, self._make = measured, each

    @staticmethod
    def of(images: Sequence[Observed]) -> Images:
        """The same images, where they are no arrays yet."""
        if isinstance(images, Images):
            return images
        return Images(
            [Columns.of(one.answered) for one in images],
            [(one.width, one.height) for one in images],
            [one.latency_ms for one in images],
            [one.taken_at for one in images],
            [one.error for one in images],
            [one.outlier for one in images],
            any(one.scalars is not None for one in images),
            lambda: images,
        )

    @cached_property
    def answers(self) -> Answers:
        return Answers(self.said)

    @property
    def measured(self) -> Sequence[Observed]:
        """Those of which numbers are known."""
        return [one for one in self if one.scalars is not None] if self._measured else []

    @cached_property
    def _each(self) -> Sequence[Observed]:
        return self._make()

    def __len__(self) -> int:
        return len(self.said)

    @overload
    def __getitem__(self, place: int) -> Observed: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Observed]: ...
    def __getitem__(self, place: int | slice) -> Observed | Sequence[Observed]:
        return self._each[place]

    def __iter__(self) -> Iterator[Observed]:
        return iter(self._each)
