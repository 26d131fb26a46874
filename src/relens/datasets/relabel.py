"""Labels change in real factories: renamed, merged, split or dropped, as rules that make one dataset version of another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from relens.datasets.item import SPLITS, Item
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.labels import LabelMap
from relens.vision.task import TASKS

EXAMPLES = 6


class BadRelabelling(Invalid):
    """Rules that change nothing, or cannot be carried out on this version."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which annotations of a label are meant; everything that is given must hold. Areas in square pixels, sizes of the shape."""

    sources: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    area_from: float | None = None
    area_below: float | None = None

    def __post_init__(self) -> None:
        if not (self.sources or self.assets or self.by_area):
            raise BadRelabelling("a part of a label is told by its images, its sources or its area: say which")

    @property
    def by_area(self) -> bool:
        return self.area_from is not None or self.area_below is not None

    def holds(self, annotation: Annotation, asset: str, source: str | None) -> bool:
        return (
            (not self.sources or (source or "") in self.sources)
            and (not self.assets or asset in self.assets)
            and (self.area_from is None or annotation.area >= self.area_from)
            and (self.area_below is None or annotation.area < self.area_below)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """`label` becomes `to` (None: its annotations are dropped); with `where` only some of them."""

    label: str
    to: str | None
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Relabelling:
    """The first rule that fits an annotation counts; all are applied at once, so that two labels can change places. `add`: new labels."""

    rules: tuple[Rule, ...] = ()
    add: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.rules and not self.add:
            raise BadRelabelling("nothing would change: rename, merge, split, drop or add a label")
        whole: set[str] = set()
        for rule in self.rules:
            if rule.label in whole:
                raise BadRelabelling(f"all of '{rule.label}' is changed by an earlier rule already: put that one last")
            if rule.to == rule.label and rule.where is None:
                raise BadRelabelling(f"'{rule.label}' is called so already")
            whole |= {rule.label} if rule.where is None else set()

    def of(self, annotation: Annotation, asset: str, source: str | None) -> Annotation | None:
        """The annotation afterwards; None: it is dropped."""
        for rule in self.rules:
            if rule.label == annotation.label and (rule.where is None or rule.where.holds(annotation, asset, source)):
                return None if rule.to is None else replace(annotation, label=rule.to)
        return annotation

    def may_become(self, label: str) -> frozenset[str]:
        """What annotations of `label` can be called afterwards; nothing where all of them are dropped."""
        mine = [rule for rule in self.rules if rule.label == label]
        stays = not any(rule.where is None for rule in mine)
        return frozenset({rule.to for rule in mine if rule.to is not None} | ({label} if stays else set()))

    def labels(self, before: Sequence[str]) -> tuple[str, ...]:
        """The label map afterwards, in the old order as far as it goes. Raises BadRelabelling or BadLabels."""
        for rule in self.rules:
            if rule.label not in before:
                raise BadRelabelling(f"there is no label '{rule.label}': the labels are {', '.join(before[:20])}")
        present = [label for label in self.add if label in before]
        if present:
            raise BadRelabelling(f"there is a label '{present[0]}' already")
        found: dict[str, None] = {}
        for label in before:
            become = self.may_become(label)
            parts = [rule.to for rule in self.rules if rule.label == label and rule.to in become]
            found |= dict.fromkeys([*([label] if label in become else []), *(part for part in parts if part)])
        found |= dict.fromkeys(self.add)
        if not found:
            raise BadRelabelling("no label would be left")
        return LabelMap(tuple(found)).names

    def sentence(self) -> str:
        """ "scratch renamed to deep scratch; a, b merged into c"."""
        said: list[str] = []
        into: dict[str, list[str]] = {}
        for rule in self.rules:
            if rule.to is not None and rule.where is None:
                into.setdefault(rule.to, []).append(rule.label)
        for to, labels in into.items():
            said.append(f"{labels[0]} renamed to {to}" if len(labels) == 1 else f"{', '.join(labels)} merged into {to}")
        said += [f"{rule.label} dropped" for rule in self.rules if rule.to is None and rule.where is None]
        parts: dict[str, list[str]] = {}
        for rule in self.rules:
            if rule.where is not None:
                parts.setdefault(rule.label, []).append(rule.to or "nothing")
        said += [f"part of {label} made {', '.join(to)}" for label, to in parts.items()]
        return "; ".join([*said, *(f"{label} added" for label in self.add)])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(written: Mapping[str, Any]) -> Relabelling:
        return Relabelling(tuple(_rule(one) for one in written.get("rules", ())), tuple(written.get("add", ())))


@dataclass(slots=True)
class Changed:
    """What one rule changed. `examples`: the first images, with the annotations they have afterwards and which of those changed."""

    rule: Rule
    annotations: int = 0
    splits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    examples: list[Item] = field(default_factory=list)

    @property
    def images(self) -> int:
        return sum(self.splits.values())


@dataclass(slots=True)
class Relabelled:
    """A version's content afterwards. `left`: classified images whose label was dropped; `doubled`: annotations that another one covers exactly."""

    labels: tuple[str, ...]
    items: list[Item] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    left: int = 0
    doubled: int = 0


def relabel(task: str, labels: Sequence[str], items: Iterable[Item], rules: Relabelling) -> Relabelled:
    """Raises BadRelabelling or BadLabels."""
    made = Relabelled(rules.labels(labels), changes=[Changed(rule) for rule in rules.rules])
    whole_image = TASKS.get(task).whole_image
    by_area = [rule.label for rule in rules.rules if rule.where is not None and rule.where.by_area]
    if whole_image and by_area:
        raise BadRelabelling(
            f"a classified image has no shape, so no part of '{by_area[0]}' is told by its area: name sources or choose images"
        )
    for item in items:
        fitting = [_first_fitting(rules.rules, annotation, item) for annotation in item.annotations]
        touched = {place for place in fitting if place is not None}
        if not touched:
            made.items.append(item)
            continue
        kept = {one: None for one, place in zip(item.annotations, fitting, strict=True) if place is None}
        annotations: list[Annotation] = []
        for annotation, place in zip(item.annotations, fitting, strict=True):
            if place is None:
                annotations.append(annotation)
                continue
            made.changes[place].annotations += 1
            after = rules.of(annotation, item.asset, item.source)
            if after is not None and after in kept:
                made.doubled += 1
            elif after is not None:
                kept[after] = None
                annotations.append(after)
        after_item = replace(item, annotations=tuple(annotations))
        for place in touched:
            change = made.changes[place]
            change.splits[item.split] += 1
            if len(change.examples) < EXAMPLES:
                change.examples.append(after_item)
        if whole_image and item.annotations and not annotations:
            made.left += 1
        else:
            made.items.append(after_item)
    return made


def _first_fitting(rules: Sequence[Rule], annotation: Annotation, item: Item) -> int | None:
    for place, rule in enumerate(rules):
        if rule.label == annotation.label and (
            rule.where is None or rule.where.holds(annotation, item.asset, item.source)
        ):
            return place
    return None


def _rule(written: Mapping[str, Any]) -> Rule:
    said = written.get("where")
    where = None
    if said:
        sources, assets = (tuple(said.get(name) or ()) for name in ("sources", "assets"))
        where = Where(sources, assets, said.get("area_from"), said.get("area_below"))
    return Rule(str(written["label"]), written.get("to"), where)
