"""Which images show the same scene: those declared so, and near-duplicates by fingerprint."""

from __future__ import annotations

from collections.abc import Sequence

from relens.vision.fingerprint import scenes


def name_groups(assets: Sequence[str], fingerprints: Sequence[str], known: Sequence[str | None]) -> list[str]:
    """The group of each image: the `known` one, else the one of a near-duplicate that has one, else the smallest asset among them.

    `known` are groups that a dataset declares or an earlier version gave: they are never changed.
    """
    component = scenes(fingerprints)
    names: dict[int, str] = {}
    for place, group in zip(component, known, strict=True):
        if group is not None:
            names[place] = min(group, names.get(place, group))
    smallest: dict[int, str] = {}
    for place, asset in zip(component, assets, strict=True):
        smallest[place] = min(asset, smallest.get(place, asset))
    return [group or names.get(place) or smallest[place] for place, group in zip(component, known, strict=True)]
