"""Which images are trained on, watched and tested: by group, by hash, so that no scene leaks and nothing is random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relens.datasets.item import Split
from relens.kit.errors import Invalid
from relens.kit.ids import share_of

VALIDATION_SHARE = 0.15
FEW = 5
MOST_TESTED = 0.5
"""The largest share of what arrives that may be kept for testing."""


class BadRatios(Invalid):
    """Shares that are negative or leave nothing to train on."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """The shares of validation and test; training takes the rest."""

    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or not self.validation + self.test < 1:
            raise BadRatios("the shares of validation and test are 0 or more and leave something to train on")


def assign(groups: Sequence[str], declared: Sequence[Split | None], ratios: Ratios = Ratios()) -> list[Split]:
    """The split of each image, given its group and what its dataset says.

    What is declared is used as it is. Nothing declared: groups in the order of their hash are cut by `ratios`; an image
    without a word in a group with one goes with its group. Where no image is validation afterwards, about 15 % of the
    training images (a few at least, whole groups) become it: a run without validation cannot choose a threshold.
    """
    spoken: dict[str, Split] = {}
    for group, split in zip(groups, declared, strict=True):
        # Of a group that was declared on both sides, what nobody declared is at least not trained on.
        if split is not None and spoken.get(group) != "test":
            spoken[group] = split
    silent = Counter(
        group for group, split in zip(groups, declared, strict=True) if split is None and group not in spoken
    )
    chosen = _cut(silent, ratios) | spoken
    splits: list[Split] = [split or chosen[group] for group, split in zip(groups, declared, strict=True)]
    if "validation" in splits:
        return splits
    moved = _validation_groups(Counter(group for group, split in zip(groups, splits, strict=True) if split == "train"))
    return [
        "validation" if split == "train" and group in moved else split
        for group, split in zip(groups, splits, strict=True)
    ]


def side(group: str, test_share: float) -> Split:
    """For images that arrive one by one: test or train by the group's hash alone, the same for ever."""
    return "test" if share_of(group, "test") < test_share else "train"


def _cut(sizes: Mapping[str, int], ratios: Ratios) -> dict[str, Split]:
    total, before = sum(sizes.values()), 0
    chosen: dict[str, Split] = {}
    for group in sorted(sizes, key=lambda name: share_of(name, "split")):
        middle = (before + sizes[group] / 2) / total
        before += sizes[group]
        if middle < ratios.test:
            chosen[group] = "test"
        else:
            chosen[group] = "validation" if middle < ratios.test + ratios.validation else "train"
    return chosen


def _validation_groups(sizes: Mapping[str, int]) -> set[str]:
    """Groups to take out of training until 15 % of its images, or a few, are there; never the last group, nor most images."""
    total, taken = sum(sizes.values()), 0
    wanted = max(VALIDATION_SHARE * total, min(FEW, total / 4))
    moved: set[str] = set()
    for group in sorted(sizes, key=lambda name: share_of(name, "validation")):
        if taken >= wanted or len(moved) == len(sizes) - 1:
            break
        if taken + sizes[group] <= max(2 * wanted, 1):
            moved.add(group)
            taken += sizes[group]
    return moved
