"""An evaluation: what one model version scores on one split of one dataset version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from relens.kit.clock import Micros
from relens.kit.errors import NotFound
from relens.kit.ids import share_of

Part = Literal["all", "gate", "report"]
PARTS: tuple[Part, ...] = ("all", "gate", "report")
SCORES = (
    "map50",
    "map50_95",
    "map75",
    "ar100",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "precision",
    "recall",
    "f1",
)


class NoEvaluation(NotFound):
    """There is no evaluation of that id."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`scores` has every name of SCORES, None where it does not apply; `labels` the numbers of each label.

    `part`: gate and report are two halves of a split, cut by group, so that what decided is not what is reported.
    """

    id: str
    state: str
    job: str | None
    model_version: str
    dataset_version: str
    split: str
    part: str
    images: int
    scores: dict[str, Any]
    labels: dict[str, Any]
    advised_threshold: float | None
    error: str | None
    created_by: str
    created_at: Micros
    finished_at: Micros | None


def half_of(group: str) -> Part:
    """Which half a group belongs to, the same for ever."""
    return "gate" if share_of(group, "gate or report") < 0.5 else "report"
