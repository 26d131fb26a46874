"""What the report of a decision looks like over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from relens.loop.parts import Kind, State

BROKEN_AT_FIRST = 12
"""In a list of decisions; the decision by itself has them all."""


class PartOut(BaseModel):
    """A label or a source compared. `lower`, `upper`: one-sided 95 % bounds of the difference; `count`: its test objects or images."""

    kind: Kind
    name: str
    metric: str
    champion: float | None
    candidate: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    count: int
    state: State
    critical: bool = False


class NewLabelOut(BaseModel):
    """A label that only the candidate knows."""

    name: str
    metric: str
    score: float | None
    count: int


class SpeedOut(BaseModel):
    """Median milliseconds of the same images, answered in turn; `won`: the share of them that the candidate answered sooner."""

    champion_ms: float
    candidate_ms: float
    won: float
    images: int


class SizesOut(BaseModel):
    """Bytes of the model files."""

    champion: int
    candidate: int


class FlipOut(BaseModel):
    """An image whose answer became better or worse. `prediction`: where it came from production; `found`: objects found more, or less."""

    asset: str
    prediction: str | None
    before: float
    after: float
    found: int


class JudgedAtOut(BaseModel):
    """The threshold from which each version's answers to an image counted."""

    champion: float
    candidate: float


class ImagesOut(BaseModel):
    """`by`: "answer" (right or wrong), or "f1" of each image at the threshold with which each version answers here.

    Of those it breaks a list of decisions has the first few, the decision itself every one.
    """

    by: Literal["answer", "f1"]
    thresholds: JudgedAtOut | None = Field(None, description="null in reports from before they were kept")
    fixes: int
    breaks: int
    fixed: list[FlipOut]
    broken: list[FlipOut]


class AtThresholdOut(BaseModel):
    """A version's answers from a threshold on. `precision` of them are right, `recall` of the objects (of a classifier: images) found;
    `answers` and how many of them are `wrong` are plain counts."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    answers: int
    wrong: int


class CarriedOut(BaseModel):
    """The champion and the candidate (`kept`) with the deployment's threshold, and the candidate with a better one (`best`): where its
    F1 is best; of a classifier, the lowest from which its answers are as often right as the champion's.

    `worse`: the threshold is clearly worse for the candidate than for the champion."""

    champion: AtThresholdOut
    kept: AtThresholdOut
    best: AtThresholdOut | None
    worse: bool
    whole_image: bool
    images: int


class ReportOut(BaseModel):
    """The comparison label by label, source by source and image by image."""

    labels: list[PartOut]
    sources: list[PartOut]
    new_labels: list[NewLabelOut]
    speed: SpeedOut | None
    sizes: SizesOut | None = Field(description="null where the answers were compared that production gave")
    threshold: CarriedOut | None = Field(
        None, description="null for a classifier without a threshold, and in reports from before this was kept"
    )
    images: ImagesOut

    @staticmethod
    def of(numbers: Mapping[str, Any], whole: bool) -> ReportOut | None:
        """`whole`: with every image it breaks. None for decisions that were made before there were reports."""
        written = numbers.get("report")
        if written is None:
            return None
        found = ReportOut.model_validate(written)
        if not whole:
            found.images.broken = found.images.broken[:BROKEN_AT_FIRST]
        return found
