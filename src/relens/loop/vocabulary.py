"""One set of names for two versions and the images that judge them, also when labels were renamed, merged, split or dropped in between. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from relens.datasets.became import Became
from relens.datasets.item import Item
from relens.loop.gate import Labels
from relens.loop.policy import Demands
from relens.vision.annotation import Annotation

Names = Mapping[str, str | None]
"""From a label of one of them to the common name; None: nobody asks for it any more. What is not in it keeps its name."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`labels` in common names; `sentences` say what was compared as what."""

    labels: Labels
    champion: Names = field(default_factory=dict)
    candidate: Names = field(default_factory=dict)
    data: Names = field(default_factory=dict)
    sentences: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether everybody uses the same names."""
        return not (self.champion or self.candidate or self.data)

    def demands(self, said: Demands) -> Demands:
        """With the critical labels in common names."""
        names = (self.champion.get(label, label) for label in said.critical)
        return replace(said, critical=tuple(dict.fromkeys(name for name in names if name is not None)))

    def item(self, item: Item) -> Item:
        """With its annotations in common names."""
        return replace(item, annotations=named(item.annotations, self.data)) if self.data else item


def named(annotations: Iterable[Annotation], names: Names) -> tuple[Annotation, ...]:
    found = ((one, names.get(one.label, one.label)) for one in annotations)
    return tuple(replace(one, label=name) for one, name in found if name is not None)


def vocabulary(
    champion: Sequence[str],
    candidate: Sequence[str],
    became: Became,
    champion_since: int | None = None,
    candidate_since: int | None = None,
) -> Vocabulary:
    """`..._since`: the number of the dataset version that a model was trained on, None where it was another dataset or nobody knows."""
    first = {label: became.now(label, champion_since) for label in champion}
    second = {label: became.now(label, candidate_since) for label in candidate}
    alike = _grouped([*first.items(), *second.items()], became.labels)
    own, other = (_names(found, alike) for found in (first, second))
    common = Labels(_common(own), _common(other))
    data = {label: alike[label] for label in became.labels if alike.get(label, label) != label}
    return Vocabulary(common, _differing(own), _differing(other), data, tuple(_said(own, first)))


def _grouped(found: Iterable[tuple[str, frozenset[str]]], present: Sequence[str]) -> dict[str, str]:
    """The common name of each present name: names that one old label was split into are one thing, for who knows only the old one."""
    groups: dict[str, frozenset[str]] = {}
    old: dict[frozenset[str], str] = {}
    for label, names in found:
        if len(names) < 2:
            continue
        joined = names.union(*(groups.get(name, frozenset()) for name in names))
        for group in {groups[name] for name in names if name in groups}:
            old.pop(group, None)
        groups |= dict.fromkeys(joined, joined)
        # The old label names them all, unless it was joined with another's parts or is in use for something else.
        if joined == names and (label not in present or label in names):
            old[joined] = label
    return {name: old.get(group, "/".join(sorted(group))) for name, group in groups.items()}


def _names(found: Mapping[str, frozenset[str]], alike: Mapping[str, str]) -> dict[str, str | None]:
    return {label: None if not names else alike.get(min(names), min(names)) for label, names in found.items()}


def _common(names: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names.values() if name is not None))


def _differing(names: Mapping[str, str | None]) -> dict[str, str | None]:
    return {label: name for label, name in names.items() if name != label}


def _said(champion: Mapping[str, str | None], became: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """In the words of who knows the champion's labels."""
    merged: dict[str, list[str]] = {}
    for label, name in champion.items():
        if name is None:
            yield f"'{label}' was dropped from the dataset and is not asked for any more."
        elif len(became[label]) > 1:
            yield f"'{label}' was split into {', '.join(sorted(became[label]))}: compared together as '{name}'."
        else:
            merged.setdefault(name, []).append(label)
    for name, labels in merged.items():
        if len(labels) > 1:
            yield f"{', '.join(labels)} were merged into '{name}': compared as that."
        elif labels[0] != name:
            yield f"'{labels[0]}' is called '{name}' now."
