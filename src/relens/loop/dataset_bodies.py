"""What a change of a dataset looks like over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from relens.datasets.item import SPLITS
from relens.datasets.relabel import Changed
from relens.datasets.routes import ItemOut
from relens.infra.web import Instant
from relens.kit import clock
from relens.loop.change_labels import LabelPreview
from relens.loop.leave_out import Without, examples
from relens.loop.reviewed_versions import ReviewedVersion


class WhereIn(BaseModel):
    """Which annotations of a label are meant; everything given must hold. Areas in square pixels; a source of "" is none given."""

    sources: list[str] = Field(default_factory=list, max_length=1_000)
    assets: list[str] = Field(default_factory=list, max_length=50_000)
    area_from: float | None = Field(None, ge=0)
    area_below: float | None = Field(None, gt=0)


class LabelRuleIn(BaseModel):
    """`label` becomes `to`; null drops its annotations. With `where` only some of them."""

    label: str = Field(min_length=1, max_length=200)
    to: str | None = Field(min_length=1, max_length=200)
    where: WhereIn | None = None


class LabelsIn(BaseModel):
    """How labels change: renamed (one rule), merged (several into one), split (rules with `where`), dropped or added.

    The first rule that fits an annotation counts, and all are applied at once. `after`: the number of the version you looked at.
    """

    rules: list[LabelRuleIn] = Field(default_factory=list, max_length=1_000)
    add: list[str] = Field(default_factory=list, max_length=1_000)
    after: int | None = Field(None, ge=1)

    def wish(self) -> dict[str, Any]:
        return self.model_dump()


class LabelRuleOut(BaseModel):
    """What one rule changes; `examples` have the annotations of afterwards."""

    label: str
    to: str | None
    annotations: int
    images: int
    by_split: dict[str, int]
    examples: list[ItemOut]

    @staticmethod
    def of(changed: Changed) -> LabelRuleOut:
        return LabelRuleOut(
            label=changed.rule.label,
            to=changed.rule.to,
            annotations=changed.annotations,
            images=changed.images,
            by_split=changed.splits,
            examples=[ItemOut.of(item) for item in changed.examples],
        )


class ConcernedOut(BaseModel):
    """A deployment that feeds the dataset, and what the change means for it."""

    id: str
    name: str
    sentence: str


class LabelPreviewOut(BaseModel):
    """What the next version would hold. `left`: classified images whose label is dropped; `doubled`: annotations that another one covers."""

    after: int
    sentence: str
    labels: list[str]
    rules: list[LabelRuleOut]
    images: dict[str, int]
    statistics: dict[str, dict[str, int]]
    left: int
    doubled: int
    deployments: list[ConcernedOut]

    @staticmethod
    def of(seen: LabelPreview) -> LabelPreviewOut:
        return LabelPreviewOut(
            after=seen.base.number,
            sentence=seen.sentence,
            labels=list(seen.made.labels),
            rules=[LabelRuleOut.of(one) for one in seen.made.changes],
            images=seen.images,
            statistics=seen.statistics,
            left=seen.made.left,
            doubled=seen.made.doubled,
            deployments=[ConcernedOut(id=one.id, name=one.name, sentence=one.sentence) for one in seen.deployments],
        )


class UndoIn(BaseModel):
    """Which reviews are left out; everything given must hold. `versions`: numbers of the versions they entered; people and deployments by id."""

    versions: list[int] = Field(default_factory=list, max_length=1_000)
    people: list[str] = Field(default_factory=list, max_length=1_000)
    deployments: list[str] = Field(default_factory=list, max_length=1_000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    after: int | None = Field(None, ge=1, description="the number of the version you looked at")

    def wish(self) -> dict[str, Any]:
        times = {name: _micros(getattr(self, name)) for name in ("since", "until")}
        return self.model_dump(exclude={"since", "until"}) | times


def _micros(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * clock.SECOND)


class UndoneImage(BaseModel):
    """An image and what happens to it: leaves, goes back, or comes back."""

    what: str
    item: ItemOut


class UndoPreviewOut(BaseModel):
    """What the next version would be without them. `labels`: annotations that leave; `decided_later`: images that a later review, which stays, decided about."""

    after: int
    sentence: str
    reviews: int
    removed: int
    restored: int
    returned: int
    decided_later: int
    gone: int
    labels: dict[str, int]
    images: dict[str, int]
    examples: list[UndoneImage]

    @staticmethod
    def of(found: Without, after: int) -> UndoPreviewOut:
        return UndoPreviewOut(
            after=after,
            sentence=found.sentence(),
            reviews=len(found.entries),
            removed=len(found.removed),
            restored=len(found.restored),
            returned=len(found.returned),
            decided_later=found.decided_later,
            gone=found.gone,
            labels=found.labels(),
            images={split: sum(item.split == split for item in found.items) for split in SPLITS},
            examples=[UndoneImage(what=what, item=ItemOut.of(item)) for what, item in examples(found)],
        )


class ReviewedBy(BaseModel):
    """A person and how many of their reviews made the version what it is."""

    id: str
    name: str
    reviews: int


class ReviewedVersionOut(BaseModel):
    """A version that reviews made, and what they did to it."""

    id: str
    number: int
    title: str
    added: int
    changed: int
    left: int
    undone: int
    people: list[ReviewedBy]
    created_at: Instant

    @staticmethod
    def of(found: ReviewedVersion) -> ReviewedVersionOut:
        version = found.version
        counts = {kind: found.counts.get(kind, 0) for kind in ("added", "changed", "left", "undone")}
        return ReviewedVersionOut(
            id=version.id,
            number=version.number,
            title=version.title,
            people=[ReviewedBy(id=one, name=name, reviews=count) for one, name, count in found.people],
            created_at=version.created_at,
            **counts,
        )


class DatasetUsesOut(BaseModel):
    """Sentences on what rests on a dataset."""

    reasons: list[str]


class ArchiveIn(BaseModel):
    """Out of the way, or back again."""

    archived: bool
