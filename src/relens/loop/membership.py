"""Which verdict enters a dataset, and on which side of the cut: pure rules.

Each image enters once. Where it goes is decided when it is first seen, and never again: what is kept for testing stays so in every later
version, also when it left in between. Only random checks are kept for testing, by the hash of their scene: a test set of what the model
was unsure of, or of what somebody complained about, would favour any other model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relens.datasets.became import Became, unchanged
from relens.datasets.item import Item, Split
from relens.datasets.sides import Sides
from relens.datasets.split import side
from relens.kit.errors import RelensError
from relens.kit.ids import share_of
from relens.review.verdict import USABLE, Verdict
from relens.vision.annotation import Annotation
from relens.vision.fingerprint import tell_nothing
from relens.vision.task import TASKS

Outcome = Literal[
    "in",
    "unusable",
    "skipped",
    "pending",
    "present",
    "near-duplicate",
    "unknown label",
    "other task",
    "test scene",
    "gone",
    "left out",
]
"""`in`: it belongs in the dataset. `skipped`: the person passed it by. The last seven say why a usable verdict does not enter.
`test scene`: its scene is kept for testing, and it is no random check itself. `gone`: its image has left. `left out`: what it did
was undone; anything new that is said of the image counts again."""

DEPENDING: tuple[Outcome, ...] = ("present", "near-duplicate", "unknown label", "other task", "test scene")
"""Those that may come out otherwise with another version of the dataset."""

LEFT_OUT: tuple[Outcome, ...] = (*DEPENDING, "gone", "skipped")

NEAR = 12
"""Bits of 256. Different photographs of one set differ in 30 or more, frames of a still scene in a few."""

_JOIN_AFTER = 64

VALIDATION_SHARE = 0.1
"""Of the groups that are not kept for testing."""


@dataclass(frozen=True, slots=True)
class Member:
    """What became of one reviewed image of a deployment in its target dataset.

    `version`: the first dataset version it entered, None while it waits (or never will). `fresh`: the next version has to look at it.
    `seq`: of the last change of any verdict on the image; `verdict`: of the one that decides (None in rows of an earlier version of ours).
    """

    asset: str
    prediction: str
    seq: int
    outcome: Outcome
    split: Split | None
    group: str | None
    fingerprint: str
    annotations: tuple[Annotation, ...]
    source: str | None
    version: str | None = None
    fresh: bool = True
    verdict: int | None = None
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An image and the verdict that decides about it. `seq`: of the last change of any verdict on it.

    `checked`: it is one of the random checks. `here`: the image can still be read.
    """

    verdict: Verdict
    seq: int
    group: str
    fingerprint: str
    source: str | None = None
    checked: bool = False
    here: bool = True


class Known:
    """The newest version of the target dataset, where its images were in all of them, and the members of every deployment that feeds
    it, made quick to ask.

    `fingerprints`: those of the items' assets; `became`: what its labels were called before.
    """

    def __init__(
        self,
        task: str,
        labels: tuple[str, ...],
        items: Iterable[Item],
        fingerprints: Mapping[str, str],
        members: Iterable[Member] = (),
        sides: Sides | None = None,
        became: Became | None = None,
    ) -> None:
        self.task = task
        self.became = became or unchanged(labels)
        self.labels = frozenset(labels)
        self._sides = Sides() if sides is None else sides
        self._scenes: dict[str, Split] = {}
        self._given_by: dict[str, str] = {}
        self.assets: set[str] = set()
        for item in items:
            self.assets.add(item.asset)
            if sides is None:
                self._sides.add(item.asset, item.group, item.split)
        self._prints: dict[str, str] = {asset: fingerprints[asset] for asset in self.assets if asset in fingerprints}
        self._bits = _as_bits(self._prints.values())
        self._fresh: list[str] = []
        for member in members:
            self.remember(member)

    def remember(self, member: Member) -> None:
        """A scene keeps its side also when all its images have left; only images that are in can have near-duplicates."""
        if member.group and member.split:
            self._scenes.setdefault(member.group, member.split)
        if member.outcome == "in":
            self._given_by.setdefault(member.asset, member.deployment)
        elif self._given_by.get(member.asset) == member.deployment:
            del self._given_by[member.asset]
        if member.outcome == "in" and member.asset not in self._prints:
            self._prints[member.asset] = member.fingerprint
            self._fresh.append(member.fingerprint)

    def near(self, asset: str, fingerprint: str) -> bool:
        """Whether another image there looks the same; never where so many do that it means nothing."""
        # Joined now and then: to do it for each new image would copy the whole dataset's fingerprints each time.
        if len(self._fresh) > _JOIN_AFTER:
            self._bits, self._fresh = np.concatenate([self._bits, _as_bits(self._fresh)]), []
        wanted = _as_bits([fingerprint])
        close = sum(
            int(np.count_nonzero(np.bitwise_count(some ^ wanted).sum(axis=1) <= NEAR))
            for some in (self._bits, _as_bits(self._fresh))
        )
        return close > (asset in self._prints) and not self._all_alike

    @cached_property
    def _all_alike(self) -> bool:
        """Of the images of the dataset itself, which somebody chose to have in it."""
        return tell_nothing([look for asset in self.assets if (look := self._prints.get(asset))], NEAR)

    def has(self, asset: str, deployment: str) -> bool:
        """Whether the image is there, or will be, by an import or by the reviews of another deployment."""
        return asset in self.assets or self._given_by.get(asset, deployment) != deployment

    def side(self, reviewed: Reviewed, test_share: float) -> Split | None:
        """Where an image goes: with the rest of its scene, else by the scene's hash. None: its scene is kept for testing, and it must
        neither be trained on nor be a test image."""
        group, asset = reviewed.group, reviewed.verdict.asset or ""
        if self._sides.of(asset) == "test":
            return "test"
        there = self._sides.of_scene(group) or self._scenes.get(group)
        if there == "test":
            return "test" if reviewed.checked else None
        if there is not None:
            return there
        if reviewed.checked and side(group, test_share) == "test":
            return "test"
        return "validation" if share_of(group, "validation") < VALIDATION_SHARE else "train"


def _as_bits(fingerprints: Iterable[str]) -> NDArray[np.uint64]:
    """(n, 4) words of 64 bits."""
    return np.frombuffer(b"".join(bytes.fromhex(one) for one in fingerprints), np.uint64).reshape(-1, 4)


def place(
    reviewed: Reviewed, before: Member | None, known: Known, test_share: float, added: Collection[str] = ()
) -> Member:
    """What becomes of an image whose verdict is new or has changed; `before` is what was made of it earlier.

    `added`: labels that people added while reviewing; the dataset learns them with its next version.
    """
    verdict = reviewed.verdict
    assert verdict.asset is not None
    outcome = _outcome(reviewed, before, known, added)
    split = before.split if before else None
    if outcome == "in" and split is None:
        split = known.side(reviewed, test_share)
        outcome = "test scene" if split is None else "in"
    return Member(
        asset=verdict.asset,
        prediction=verdict.prediction,
        seq=reviewed.seq,
        outcome=outcome,
        split=split,
        group=before.group if before and before.group else reviewed.group,
        fingerprint=reviewed.fingerprint,
        annotations=verdict.annotations,
        source=reviewed.source,
        version=before.version if before else None,
        verdict=verdict.seq,
        deployment=verdict.deployment,
    )


def _outcome(reviewed: Reviewed, before: Member | None, known: Known, added: Collection[str]) -> Outcome:
    verdict = reviewed.verdict
    if verdict.status not in USABLE:
        return verdict.status if verdict.status in ("unusable", "skipped") else "pending"
    if not reviewed.here:
        return "gone"
    assert verdict.asset is not None
    said = known.became.of(verdict.annotations, verdict.asset, reviewed.source)
    if any(annotation.label not in known.labels and annotation.label not in added for annotation in said):
        return "unknown label"
    if len(said) < len(verdict.annotations) and TASKS.get(known.task).whole_image:
        return "unknown label"  # what it shows was dropped from the dataset
    if not _fits(said, known.task):
        return "other task"
    ours = before is not None and before.version is not None
    if not ours and known.has(verdict.asset, verdict.deployment):
        return "present"
    if before is not None and before.outcome == "in":
        return "in"
    return "near-duplicate" if not ours and known.near(verdict.asset, reviewed.fingerprint) else "in"


def _fits(annotations: tuple[Annotation, ...], task: str) -> bool:
    kind = TASKS.get(task)
    if kind.whole_image and len(annotations) != 1:
        return False
    try:
        for annotation in annotations:
            kind.check(annotation)
    except RelensError:
        return False
    return True
