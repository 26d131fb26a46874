"""The items of the next dataset version: the newest one's, with what people said since. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from relens.datasets.became import Became
from relens.datasets.item import Item, Split, plain
from relens.datasets.sides import Sides, keep_tested
from relens.loop.membership import Member, Outcome

Change = Literal["added", "changed", "left", "undone"]
"""`undone`: what a verdict had done was left out again."""


@dataclass(slots=True)
class Merged:
    """`changes`: what a verdict did to an image; `refused`: members that wait and cannot enter after all. Both by asset."""

    items: list[Item] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    refused: dict[str, Outcome] = field(default_factory=dict)


def merge(
    base: Iterable[Item],
    members: Mapping[str, Member],
    sides: Sides,
    became: Became,
    others: Mapping[str, Split] | None = None,
) -> Merged:
    """`base` with what entered, changed or left since, by the verdicts of one deployment.

    An image that an import or another deployment put there is never touched: it is not ours. What was a test image in any version is
    one again. `others`: the sides that other deployments' members gave to their scenes. `became`: the labels of the version that is
    made, and what they were called when people spoke.
    """
    made = Merged()
    there: set[str] = set()
    for item in keep_tested(base, sides):
        there.add(item.asset)
        _keep(made, item, members.get(item.asset), became)
    for asset, member in members.items():
        if asset in there or member.outcome != "in" or not (member.split and member.group):
            continue
        split: Split = "test" if sides.of(asset) == "test" else member.split
        scene = sides.of_scene(member.group) or (others or {}).get(member.group)
        said = became.of(member.annotations, asset, member.source)
        if any(annotation.label not in became.labels for annotation in said):
            made.refused[asset] = "unknown label"
        elif member.version is None and scene == "test" and split != "test":
            # Two servers, or two deployments, placed images of one scene at the same moment.
            made.refused[asset] = "test scene"
        else:
            name = f"reviewed/{asset}"
            made.items.append(Item(asset, split, member.group, name, member.source, said))
            made.changes[asset] = "added"
    return made


def _keep(made: Merged, item: Item, member: Member | None, became: Became) -> None:
    """What becomes of an image that is there already."""
    if member is not None and member.version is None and member.outcome == "in":
        made.refused[item.asset] = "present"
    if member is None or member.version is None or not member.fresh:
        made.items.append(item)
    elif member.outcome != "in":
        made.changes[item.asset] = "left"
    else:
        said = tuple(plain(one) for one in became.of(member.annotations, item.asset, member.source))
        made.items.append(replace(item, annotations=said))
        if item.annotations != said:
            made.changes[item.asset] = "changed"
