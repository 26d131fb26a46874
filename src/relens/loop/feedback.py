"""Verdicts become annotations: follows them, decides which images enter the target dataset, and publishes its next version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.datasets import store as datasets
from relens.datasets.publish import lay_down, manifest, publish_manifest
from relens.datasets.version import DatasetVersion
from relens.infra.database import Database
from relens.kit.errors import Conflict, NotFound
from relens.loop import feedback_rows, store
from relens.loop.membership import LEFT_OUT, Known, Member, merged, place
from relens.loop.policy import FeedbackLoop
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import store as verdicts
from relens.review.verdict import Verdict

_AT_ONCE = 200


class NoFeedbackLoop(Conflict):
    """The deployment feeds no dataset yet."""


class EmptyDataset(NotFound):
    """The dataset has no version to grow from."""


@dataclass(frozen=True, slots=True)
class Tally:
    """This round so far: what the next version will bring. `left_out` counts reviewed images that will not enter, by reason."""

    added: int
    kept_for_testing: int
    changed: int
    unusable: int
    left_out: dict[str, int]

    @property
    def skipped(self) -> int:
        return sum(self.left_out.values())


@dataclass(frozen=True, slots=True)
class Frozen:
    """The version a run trains on, the one it grew from, and what is new in it."""

    version: DatasetVersion
    base: DatasetVersion
    tally: Tally


class Feedback:
    """Follows the verdicts of every deployment whose feedback loop is on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[str, Known]] = {}

    def step(self) -> bool:
        """Places the images of some changed verdicts; True when there may be more."""
        with self._database.read() as connection:
            loops = {deployment: chosen.feedback for deployment, chosen in store.active(connection).items()}
        more = [self._follow(deployment, loop) for deployment, loop in loops.items()]
        return any(more)

    def _follow(self, deployment: str, loop: FeedbackLoop) -> bool:
        assert loop.dataset is not None
        with self._database.read() as connection:
            changed = verdicts.since(
                connection, feedback_rows.cursor(connection, loop.dataset, deployment), _AT_ONCE, deployment
            )
            if not changed:
                return False
            placed = self._place(connection, deployment, loop, changed)
        self._database.write(
            lambda connection: _keep(connection, loop.dataset or "", deployment, placed, changed[-1].seq)
        )
        return len(changed) == _AT_ONCE

    def _place(
        self, connection: Connection, deployment: str, loop: FeedbackLoop, changed: Sequence[Verdict]
    ) -> list[Member]:
        known = self._what_is_known(connection, deployment, loop.dataset or "")
        touched = sorted({verdict.asset for verdict in changed if verdict.asset})
        said = {
            asset: _deciding(all_of_it)
            for asset, all_of_it in verdicts.of_assets(connection, deployment, touched).items()
        }
        lines = {
            line.id: line for line in predictions.several(connection, [verdict.prediction for verdict in said.values()])
        }
        images = assets.several(connection, touched)
        before = feedback_rows.members(connection, loop.dataset or "", deployment, touched)
        placed: list[Member] = []
        for verdict in sorted(said.values(), key=lambda one: one.seq):
            asset, line = verdict.asset or "", lines.get(verdict.prediction)
            if line is None or asset not in images:
                continue
            group = group_of(line)
            member = place(
                verdict, group, images[asset].fingerprint, line.source, before.get(asset), known, loop.test_share
            )
            known.remember(member)
            placed.append(member)
        return placed

    def _what_is_known(self, connection: Connection, deployment: str, dataset: str) -> Known:
        newest = newest_version(connection, dataset)
        there = self._known.get(deployment)
        if there is None or there[0] != newest.id:
            items = datasets.items(connection, newest.id)
            prints = {
                asset.id: asset.fingerprint
                for asset in assets.several(connection, [item.asset for item in items]).values()
            }
            members = feedback_rows.members(connection, dataset, deployment).values()
            there = self._known[deployment] = (newest.id, Known(newest.task, newest.labels, items, prints, members))
        return there[1]


def newest_version(connection: Connection, dataset: str) -> DatasetVersion:
    """The latest version of a dataset (by id or name); EmptyDataset when there is none."""
    found = datasets.find_dataset(connection, dataset)
    there = datasets.versions(connection, found.id)
    if not there:
        raise EmptyDataset(f"the dataset '{found.name}' has no version yet: import one first")
    return there[0]


def tally(connection: Connection, deployment: str, loop: FeedbackLoop, after_seq: int = 0) -> Tally:
    """What this round has brought so far; one grouped count, cheap enough to poll."""
    added = kept = changed = unusable = 0
    left_out: dict[str, int] = {}
    for outcome, split, in_version, fresh, count in (
        feedback_rows.tally(connection, loop.dataset, deployment, after_seq) if loop.dataset else ()
    ):
        if outcome == "in" and not in_version:
            added, kept = (added, kept + count) if split == "test" else (added + count, kept)
        elif in_version and fresh:
            changed += count
        elif outcome == "unusable" and fresh:
            unusable += count
        elif outcome in LEFT_OUT and fresh:
            left_out[outcome] = left_out.get(outcome, 0) + count
    return Tally(added, kept, changed, unusable, left_out)


def freeze(database: Database, deployment: str, name: str, actor: Actor) -> Frozen:
    """Publishes the next version of the target dataset with everything reviewed by now.

    Nothing new gives the newest version; run again after a crash it gives the version it had published.
    """
    with database.read() as connection:
        loop = store.policies(connection, deployment).feedback
        if not loop.dataset:
            raise NoFeedbackLoop(f"'{name}' feeds no dataset yet: choose one in its feedback loop settings")
        base = newest_version(connection, loop.dataset)
        up_to = feedback_rows.cursor(connection, loop.dataset, deployment)
        members = feedback_rows.members(connection, loop.dataset, deployment)
        counted = tally(connection, deployment, loop)
        items = merged(datasets.items(connection, base.id), members)
    content = manifest(base.task, base.labels, items)
    lay_down(database, content)
    waiting = [asset for asset, member in members.items() if member.outcome == "in" and member.version is None]

    def publish(connection: Connection) -> DatasetVersion:
        version = publish_manifest(
            connection,
            content,
            dataset=base.dataset_name,
            parent=base.id,
            origin="feedback",
            note=_note(name, counted),
            actor=actor,
        )
        feedback_rows.entered(connection, base.dataset, deployment, version.id, waiting, up_to)
        return version

    return Frozen(database.write(publish), base, counted)


def group_of(line: Logged) -> str:
    """The scene an image belongs to: what the client calls its group, otherwise the image alone."""
    given = line.metadata.get("group")
    return str(given)[:300] if given not in (None, "") else line.asset


def _deciding(said: Sequence[Verdict]) -> Verdict:
    """Of several verdicts on one image, the last that says something of it; `seq` is that of the last change of any."""
    saying = [verdict for verdict in said if verdict.status not in ("pending", "skipped")]
    return replace((saying or said)[-1], seq=said[-1].seq)


def _keep(connection: Connection, dataset: str, deployment: str, placed: Sequence[Member], seq: int) -> None:
    feedback_rows.keep_members(connection, dataset, deployment, placed)
    feedback_rows.move_cursor(connection, dataset, deployment, seq)


def _note(name: str, counted: Tally) -> str:
    parts = [f"{counted.added} reviewed images to train on", f"{counted.kept_for_testing} kept for testing"]
    if counted.changed:
        parts.append(f"{counted.changed} changed")
    return f"from the reviews of '{name}': {', '.join(parts)}"
