"""Publishes the next version of a target dataset, with everything that was reviewed by now."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.datasets import store as datasets
from relens.datasets.earlier import follow_sides
from relens.datasets.publish import OtherVersionNow, lay_down, manifest, publish_manifest
from relens.datasets.remove import clear
from relens.datasets.sides import Sides
from relens.datasets.version import DatasetVersion
from relens.infra.database import Database
from relens.loop import feedback_rows, store
from relens.loop.feedback import NoFeedbackLoop, Tally, newest_version, tally, with_added
from relens.loop.membership import Member
from relens.loop.merge import Merged, merge


@dataclass(frozen=True, slots=True)
class Frozen:
    """The version a run trains on, the one it grew from, and what is new in it."""

    version: DatasetVersion
    base: DatasetVersion
    tally: Tally


@dataclass(frozen=True, slots=True)
class _Found:
    """What one reading of the rows says the next version is. `up_to`: the verdict up to which it was looked at."""

    base: DatasetVersion
    labels: tuple[str, ...]
    members: dict[str, Member]
    merged: Merged
    tally: Tally
    up_to: int


class _ErasedMeanwhile(Exception):
    """An image that should enter is erased by now."""


def freeze(database: Database, deployment: str, name: str, actor: Actor, job: str | None = None) -> Frozen:
    """The next version of the target dataset. Nothing new gives the newest one.

    `job`: the run it is for; the same job again gets the version it got before, whatever was reviewed since.
    """
    while True:
        with database.read() as connection:
            if job is not None and (before := _before(connection, job)) is not None:
                return before
            found = _found(connection, deployment, name)
        content = manifest(found.base.task, found.labels, found.merged.items)
        lay_down(database, content)

        def publish(connection: Connection, found: _Found = found) -> Frozen:
            base = found.base
            _must_be_there(connection, deployment, found)
            version = publish_manifest(
                connection,
                content,  # noqa: B023 - carried out before the loop goes on
                dataset=base.dataset_name,
                parent=base.id,
                origin="feedback",
                note=_note(name, found.tally),
                actor=actor,
                after=base.number,
            )
            _keep(connection, deployment, version, found)
            if job is not None:
                store.keep_frozen(connection, job, version.id, base.id, asdict(found.tally))
            return Frozen(version, base, found.tally)

        try:
            return database.write(publish)
        except OtherVersionNow:
            continue
        except _ErasedMeanwhile:
            clear(database, [content.content_hash])  # nothing of it stays, also not for a version that never was


def _found(connection: Connection, deployment: str, name: str) -> _Found:
    loop = store.policies(connection, deployment).feedback
    if not loop.dataset:
        raise NoFeedbackLoop(f"'{name}' feeds no dataset yet: choose one in its feedback loop settings")
    base = newest_version(connection, loop.dataset)
    members = feedback_rows.members(connection, loop.dataset, deployment)
    names = with_added(connection, deployment, base, members.values())
    merged = merge(
        datasets.items(connection, base.id),
        members,
        follow_sides(connection, base.dataset, Sides()),
        names,
        feedback_rows.sides_of_others(connection, loop.dataset, deployment),
    )
    _without_gone(connection, merged)
    up_to = feedback_rows.cursor(connection, loop.dataset, deployment)
    return _Found(
        base, names.labels, members, merged, _left(tally(connection, deployment, loop), merged, members), up_to
    )


def _must_be_there(connection: Connection, deployment: str, found: _Found) -> None:
    """Raises _ErasedMeanwhile: writing what a large version holds takes a while."""
    added = [asset for asset, change in found.merged.changes.items() if change == "added"]
    if not feedback_rows.all_there(connection, found.base.dataset, deployment, added):
        raise _ErasedMeanwhile


def _without_gone(connection: Connection, merged: Merged) -> None:
    """An image can leave between its verdict's being taken back and the loop's learning of it."""
    added = [asset for asset, change in merged.changes.items() if change == "added"]
    here = assets.several(connection, added)
    for asset in added:
        if asset not in here:
            merged.refused[asset] = "gone"
            del merged.changes[asset]
    merged.items = [item for item in merged.items if merged.refused.get(item.asset) != "gone"]


def _left(counted: Tally, merged: Merged, members: dict[str, Member]) -> Tally:
    """The tally without what cannot enter after all."""
    left_out, added, kept = dict(counted.left_out), counted.added, counted.kept_for_testing
    for asset, outcome in merged.refused.items():
        left_out[outcome] = left_out.get(outcome, 0) + 1
        if members[asset].version is None:
            added, kept = (added, kept - 1) if members[asset].split == "test" else (added - 1, kept)
    return Tally(added, kept, counted.changed, counted.unusable, left_out)


def _keep(connection: Connection, deployment: str, version: DatasetVersion, found: _Found) -> None:
    dataset = version.dataset
    fresh = [asset for asset, change in found.merged.changes.items() if change == "added"]
    feedback_rows.refuse(connection, dataset, deployment, found.merged.refused, found.up_to)
    feedback_rows.entered(connection, dataset, deployment, version.id, fresh, found.up_to)
    if version.id != found.base.id:
        feedback_rows.keep_entries(connection, version.id, deployment, found.merged.changes, found.members)


def _before(connection: Connection, job: str) -> Frozen | None:
    kept = store.frozen_by(connection, job)
    if kept is None:
        return None
    version, base, counted = kept
    return Frozen(datasets.get(connection, version), datasets.get(connection, base), Tally(**counted))


def _note(name: str, counted: Tally) -> str:
    parts = [f"{counted.added} reviewed images to train on", f"{counted.kept_for_testing} kept for testing"]
    if counted.changed:
        parts.append(f"{counted.changed} changed")
    return f"from the reviews of '{name}': {', '.join(parts)}"
