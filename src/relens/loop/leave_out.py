"""Undoes what reviews did to a dataset: a version without them, which says so. Test images stay test images.

An image goes back to what it was before the reviews that are left out, unless a later one, which stays, decided about it. What was
left out stays so until somebody says something new of the image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.datasets import store as datasets
from relens.datasets.earlier import follow_sides
from relens.datasets.item import Item
from relens.datasets.names_now import became
from relens.datasets.sides import Sides, keep_tested
from relens.datasets.version import DatasetVersion
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid
from relens.loop import leave_out_rows
from relens.loop.leave_out_rows import Entered
from relens.loop.next_version import Planned, looked_at
from relens.review import store as verdicts
from relens.vision.task import TASKS

UNDO = "undo"
EXAMPLES = 12


class NothingToLeaveOut(Conflict):
    """No review that was chosen changed this dataset."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which reviews are left out; what is given must all hold. `versions`: numbers of the versions they entered."""

    versions: tuple[int, ...] = ()
    people: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    since: Micros | None = None
    until: Micros | None = None

    def __post_init__(self) -> None:
        if not (self.versions or self.people or self.deployments) and self.since is None and self.until is None:
            raise Invalid("choose what is left out: a version, a person, a deployment or a time")


@dataclass(slots=True)
class Without:
    """What leaving the chosen reviews out does: images that leave, go back to an earlier state, or come back; and those it cannot touch."""

    items: list[Item]
    removed: list[Item]
    restored: list[Item]
    returned: list[Item]
    entries: list[Entered]
    decided_later: int = 0
    gone: int = 0

    @property
    def nothing(self) -> bool:
        return not (self.removed or self.restored or self.returned)

    def sentence(self) -> str:
        parts = [
            f"{len(found):,} {words}"
            for found, words in (
                (self.removed, "images leave"),
                (self.restored, "go back to what they were"),
                (self.returned, "come back"),
            )
            if found
        ]
        if self.decided_later:
            parts.append(f"{self.decided_later:,} stay as a later review has them")
        if self.gone:
            parts.append(f"{self.gone:,} cannot come back, because their image was erased")
        return ", ".join(parts) or "nothing changes"

    def labels(self) -> dict[str, int]:
        """Annotations that leave, by label."""
        return dict(Counter(one.label for item in self.removed for one in item.annotations).most_common())


def plan(connection: Connection, newest: DatasetVersion, wish: Mapping[str, Any]) -> Planned:
    looked_at(newest, wish.get("after"))
    chosen = chosen_of(wish)
    found = without(connection, newest, chosen)
    if found.nothing:
        raise NothingToLeaveOut(f"none of the chosen reviews changed {newest.title}: there is nothing to leave out")
    which = ", ".join(f"v{number}" for number in chosen.versions)
    note = f"without {len(found.entries):,} reviews{f' of {which}' if which else ''}: {found.sentence()}"

    def also(connection: Connection, version: DatasetVersion) -> None:
        leave_out_rows.left_out(connection, version, found.entries, {item.asset for item in found.items})

    return Planned(newest, newest.labels, found.items, "undo", note, None, also)


def chosen_of(wish: Mapping[str, Any]) -> Chosen:
    several = {name: tuple(wish.get(name) or ()) for name in ("versions", "people", "deployments")}
    return Chosen(**several, since=wish.get("since"), until=wish.get("until"))


def without(connection: Connection, newest: DatasetVersion, chosen: Chosen) -> Without:
    """Raises NoDataset for a version that is not there."""
    history = grown_from(connection, newest)
    every = leave_out_rows.entries(connection, list(history))
    mine = _matching(connection, every, history, chosen)
    there = {item.asset: item for item in datasets.items(connection, newest.id)}
    found = Without([], [], [], [], [])
    states: dict[str, _State] = {}
    earlier = _Earlier(connection, history)
    for asset, entries in _by_asset(every, history).items():
        out = [one for one in entries if (one.version, one.asset) in mine]
        if not out:
            continue
        # What came after the last one that is left out has the last word.
        if entries[-1] not in out:
            found.decided_later += 1
            continue
        found.entries += out
        trailing = next((i for i in range(len(entries) - 1, -1, -1) if entries[i] not in out), -1) + 1
        states[asset] = earlier.before(entries[trailing].version, asset)
    _apply(connection, found, newest, there, states)
    return found


def grown_from(connection: Connection, newest: DatasetVersion) -> dict[str, DatasetVersion]:
    """The version and those it grew from, back to the last import, by id: what reviews did before that import is not in it."""
    every = {one.id: one for one in datasets.versions(connection, newest.dataset)}
    found: dict[str, DatasetVersion] = {}
    at: DatasetVersion | None = newest
    while at is not None and at.id not in found:
        found[at.id] = at
        at = every.get(at.parent) if at.parent else None
    return found


def _apply(
    connection: Connection,
    found: Without,
    newest: DatasetVersion,
    there: Mapping[str, Item],
    states: Mapping[str, _State],
) -> None:
    names = became(connection, newest)
    here = assets.several(connection, [asset for asset, state in states.items() if state.item and asset not in there])
    whole_image = TASKS.get(newest.task).whole_image
    for asset, (number, state) in states.items():
        now = there.get(asset)
        called = names.since(number, state.annotations, asset, state.source) if state else ()
        # A classified image whose label was dropped meanwhile has left, as all others of that label have.
        if state is None or (whole_image and state.annotations and not called):
            found.removed += [now] if now else []
            continue
        if now is not None and now.annotations != called:
            found.restored.append(replace(now, annotations=called))
        elif now is None and asset in here:
            found.returned.append(replace(state, annotations=called))
        elif now is None:
            found.gone += 1
    changed = {item.asset: item for item in found.restored}
    removed = {item.asset for item in found.removed}
    kept = [changed.get(asset, item) for asset, item in there.items() if asset not in removed]
    sides = follow_sides(connection, newest.dataset, Sides())
    found.items += keep_tested([*kept, *found.returned], sides)


def _matching(
    connection: Connection, every: Sequence[Entered], history: Mapping[str, DatasetVersion], chosen: Chosen
) -> Collection[tuple[str, str]]:
    numbers = {one.id for one in history.values() if one.number in chosen.versions}
    said = {one.seq: one for one in verdicts.numbered(connection, sorted({one.verdict for one in every}))}
    matching: set[tuple[str, str]] = set()
    for one in every:
        verdict = said.get(one.verdict)
        by, at = (verdict.actor.id, verdict.at) if verdict else (None, None)
        if (
            (not chosen.versions or one.version in numbers)
            and (not chosen.people or by in chosen.people)
            and (not chosen.deployments or one.deployment in chosen.deployments)
            and (chosen.since is None or (at is not None and at >= chosen.since))
            and (chosen.until is None or (at is not None and at < chosen.until))
        ):
            matching.add((one.version, one.asset))
    return matching


def _by_asset(every: Sequence[Entered], history: Mapping[str, DatasetVersion]) -> dict[str, list[Entered]]:
    """In the order of the versions."""
    found: dict[str, list[Entered]] = {}
    for one in sorted(every, key=lambda one: history[one.version].number):
        found.setdefault(one.asset, []).append(one)
    return found


class _State(NamedTuple):
    """What an image was in the version `number`; None: it was not there."""

    number: int
    item: Item | None


class _Earlier:
    """What an image was in the version that another one grew from."""

    def __init__(self, connection: Connection, history: Mapping[str, DatasetVersion]) -> None:
        self._connection, self._history = connection, history
        self._items: dict[str, dict[str, Item]] = {}

    def before(self, version: str, asset: str) -> _State:
        parent = self._history[version].parent
        if parent is None or parent not in self._history:
            return _State(0, None)
        if parent not in self._items:
            self._items[parent] = {item.asset: item for item in datasets.items(self._connection, parent)}
        return _State(self._history[parent].number, self._items[parent].get(asset))


def examples(found: Without) -> list[tuple[str, Item]]:
    """The first images of each kind, for people to look at."""
    kinds = (("leaves", found.removed), ("goes back", found.restored), ("comes back", found.returned))
    return [(kind, item) for kind, items in kinds for item in items[:EXAMPLES]]
