"""Which verdict enters a dataset, and on which side of the cut: pure rules.

Each image enters once. Where it goes is decided by its group's hash when it is first seen, and never again: what is kept for testing
stays so in every later version, also when it left in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relens.datasets.item import Item, Split
from relens.datasets.split import side
from relens.kit.errors import RelensError
from relens.kit.ids import share_of
from relens.review.verdict import USABLE, Verdict
from relens.vision.annotation import Annotation
from relens.vision.task import TASKS

Outcome = Literal["in", "unusable", "skipped", "pending", "present", "near-duplicate", "unknown label", "other task"]
"""`in`: it belongs in the dataset. `skipped`: the person passed it by. The last four say why a usable verdict does not enter."""

LEFT_OUT: tuple[Outcome, ...] = ("present", "near-duplicate", "unknown label", "other task", "skipped")

NEAR = 12
"""Bits of 256. Different photographs of one set differ in 30 or more, frames of a still scene in a few."""

_JOIN_AFTER = 64

VALIDATION_SHARE = 0.1
"""Of the groups that are not kept for testing."""


@dataclass(frozen=True, slots=True)
class Member:
    """What became of one reviewed image of a deployment in its target dataset.

    `version`: the first dataset version it entered, None while it waits (or never will). `fresh`: the next version has to look at it.
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


class Known:
    """The newest version of the target dataset and the deployment's own members, made quick to ask.

    `fingerprints`: those of the items' assets.
    """

    def __init__(
        self,
        task: str,
        labels: tuple[str, ...],
        items: Iterable[Item],
        fingerprints: Mapping[str, str],
        members: Iterable[Member] = (),
    ) -> None:
        self.task = task
        self.labels = frozenset(labels)
        self._groups: dict[str, Split] = {}
        self.assets: set[str] = set()
        for item in items:
            self.assets.add(item.asset)
            self._groups.setdefault(item.group, item.split)
        self._prints: dict[str, str] = {asset: fingerprints[asset] for asset in self.assets if asset in fingerprints}
        self._bits = _as_bits(self._prints.values())
        self._fresh: list[str] = []
        for member in members:
            self.remember(member)

    def remember(self, member: Member) -> None:
        """A group keeps its side also when all its images have left; only images that are in can have near-duplicates."""
        if member.group and member.split:
            self._groups.setdefault(member.group, member.split)
        if member.outcome == "in" and member.asset not in self._prints:
            self._prints[member.asset] = member.fingerprint
            self._fresh.append(member.fingerprint)

    def near(self, asset: str, fingerprint: str) -> bool:
        """Whether another image there looks the same."""
        # Joined now and then: to do it for each new image would copy the whole dataset's fingerprints each time.
        if len(self._fresh) > _JOIN_AFTER:
            self._bits, self._fresh = np.concatenate([self._bits, _as_bits(self._fresh)]), []
        wanted = _as_bits([fingerprint])
        close = sum(
            int(np.count_nonzero(np.bitwise_count(some ^ wanted).sum(axis=1) <= NEAR))
            for some in (self._bits, _as_bits(self._fresh))
        )
        return close > (asset in self._prints)

    def side(self, group: str, test_share: float) -> Split:
        """Where images of `group` go: with the rest of their group, or by its hash."""
        if group in self._groups:
            return self._groups[group]
        if side(group, test_share) == "test":
            return "test"
        return "validation" if share_of(group, "validation") < VALIDATION_SHARE else "train"


def _as_bits(fingerprints: Iterable[str]) -> NDArray[np.uint64]:
    """(n, 4) words of 64 bits."""
    return np.frombuffer(b"".join(bytes.fromhex(one) for one in fingerprints), np.uint64).reshape(-1, 4)


def place(
    verdict: Verdict,
    group: str,
    fingerprint: str,
    source: str | None,
    before: Member | None,
    known: Known,
    test_share: float,
) -> Member:
    """What becomes of an image whose verdict is new or has changed; `before` is what was made of it earlier."""
    assert verdict.asset is not None
    member = Member(
        asset=verdict.asset,
        prediction=verdict.prediction,
        seq=verdict.seq,
        outcome=_outcome(verdict, fingerprint, before, known),
        split=before.split if before else None,
        group=before.group if before and before.group else group,
        fingerprint=fingerprint,
        annotations=verdict.annotations,
        source=source,
        version=before.version if before else None,
    )
    if member.outcome == "in" and member.split is None:
        member = replace(member, split=known.side(group, test_share))
    return member


def _outcome(verdict: Verdict, fingerprint: str, before: Member | None, known: Known) -> Outcome:
    if verdict.status not in USABLE:
        return verdict.status if verdict.status in ("unusable", "skipped") else "pending"
    if any(annotation.label not in known.labels for annotation in verdict.annotations):
        return "unknown label"
    if not _fits(verdict.annotations, known.task):
        return "other task"
    ours = before is not None and before.version is not None
    if verdict.asset in known.assets and not ours:
        return "present"
    if before is not None and before.outcome == "in":
        return "in"
    assert verdict.asset is not None
    return "near-duplicate" if not ours and known.near(verdict.asset, fingerprint) else "in"


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


def merged(base: Iterable[Item], members: Mapping[str, Member]) -> list[Item]:
    """The items of the next version: `base` with what entered, changed or left since.

    An image that an import put there is never touched: it is not ours.
    """
    items: list[Item] = []
    there: set[str] = set()
    for item in base:
        there.add(item.asset)
        member = members.get(item.asset)
        if member is None or member.version is None:
            items.append(item)
        elif member.outcome == "in":
            items.append(replace(item, annotations=member.annotations))
    for asset, member in members.items():
        if asset not in there and member.outcome == "in" and member.split and member.group:
            items.append(
                Item(asset, member.split, member.group, f"reviewed/{asset}", member.source, member.annotations)
            )
    return items
