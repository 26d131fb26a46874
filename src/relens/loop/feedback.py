"""Verdicts become annotations: follows them, and decides which images enter the next version of the target dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.datasets import store as datasets
from relens.datasets.became import Became
from relens.datasets.earlier import follow_sides
from relens.datasets.names_now import became
from relens.datasets.sides import Sides
from relens.datasets.version import DatasetVersion
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.errors import Conflict, NotFound
from relens.loop import feedback_rows, store
from relens.loop.membership import DEPENDING, LEFT_OUT, Known, Member, Reviewed, place
from relens.loop.policy import FeedbackLoop
from relens.predictions import store as predictions
from relens.review import store as verdicts
from relens.review.drawn import drawn_among
from relens.review.habits import habits_of
from relens.review.scene import scene_of
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


class Feedback:
    """Follows the verdicts of every deployment whose feedback loop is on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[str, Known]] = {}
        self._sides: dict[str, Sides] = {}

    def step(self) -> bool:
        """Places the images of some changed verdicts; True when there may be more."""
        with self._database.read() as connection:
            loops = {deployment: chosen.feedback for deployment, chosen in store.active(connection).items()}
        more = [self._follow(deployment, loop, loop.dataset) for deployment, loop in loops.items() if loop.dataset]
        return any(more)

    def _follow(self, deployment: str, loop: FeedbackLoop, dataset: str) -> bool:
        self._look_again(deployment, loop, dataset)
        with self._database.read() as connection:
            after = feedback_rows.cursor(connection, dataset, deployment)
            changed = verdicts.since(connection, after, _AT_ONCE, deployment)
            if not changed:
                return False
            touched = sorted({verdict.asset for verdict in changed if verdict.asset})
            placed = self._place(connection, deployment, loop, dataset, touched)

        def keep(connection: Connection) -> None:
            # Another server may have been here.
            if feedback_rows.cursor(connection, dataset, deployment) == after:
                feedback_rows.keep_members(connection, dataset, deployment, placed)
                feedback_rows.move_cursor(connection, dataset, deployment, changed[-1].seq)

        self._database.write(keep)
        return len(changed) == _AT_ONCE

    def _look_again(self, deployment: str, loop: FeedbackLoop, dataset: str) -> None:
        """With another version of the dataset, what was left out may enter (a label was added), and what waits may be there already."""
        with self._database.read() as connection:
            newest = newest_version(connection, dataset)
            seen = feedback_rows.looked_at(connection, dataset, deployment)
            if seen == newest.id:
                return
            there = feedback_rows.members(connection, dataset, deployment) if _differ(connection, newest, seen) else {}
        again = [one.asset for one in there.values() if one.version is None and one.outcome in ("in", *DEPENDING)]
        for start in range(0, len(again), _AT_ONCE):
            some = again[start : start + _AT_ONCE]
            with self._database.read() as connection:
                found = self._place(connection, deployment, loop, dataset, some)
            other = [one for one in found if one.outcome != there[one.asset].outcome]
            self._database.write(
                partial(_keep_unchanged, dataset=dataset, deployment=deployment, placed=other, there=there)
            )
        self._database.write(lambda connection: feedback_rows.set_looked_at(connection, dataset, deployment, newest.id))

    def _place(
        self, connection: Connection, deployment: str, loop: FeedbackLoop, dataset: str, touched: Sequence[str]
    ) -> list[Member]:
        known = self._what_is_known(connection, dataset)
        added = deployments.get(connection, deployment).added_labels
        said = verdicts.of_assets(connection, deployment, touched)
        before = feedback_rows.members(connection, dataset, deployment, touched)
        placed: list[Member] = []
        for reviewed in _reviewed(connection, said, before):
            asset = reviewed.verdict.asset or ""
            member = place(reviewed, before.get(asset), known, loop.test_share, added)
            known.remember(member)
            placed.append(member)
        return placed

    def _what_is_known(self, connection: Connection, dataset: str) -> Known:
        newest = newest_version(connection, dataset)
        there = self._known.get(dataset)
        if there is None or there[0] != newest.id:
            sides = follow_sides(connection, newest.dataset, self._sides.setdefault(dataset, Sides()))
            items = datasets.items(connection, newest.id)
            prints = {
                asset.id: asset.fingerprint
                for asset in assets.several(connection, [item.asset for item in items]).values()
            }
            members = feedback_rows.of_dataset(connection, dataset)
            known = Known(newest.task, newest.labels, items, prints, members, sides, became(connection, newest))
            there = self._known[dataset] = (newest.id, known)
        return there[1]


def _keep_unchanged(
    connection: Connection, dataset: str, deployment: str, placed: Sequence[Member], there: Mapping[str, Member]
) -> None:
    """Of images that were placed anew those of which nothing was said since, nor followed by another server."""
    now = feedback_rows.members(connection, dataset, deployment, [one.asset for one in placed], lock=True)
    same = [one for one in placed if now.get(one.asset) == there[one.asset]]
    feedback_rows.keep_members(connection, dataset, deployment, same)


def newest_version(connection: Connection, dataset: str) -> DatasetVersion:
    """The latest version of a dataset (by id or name); EmptyDataset when there is none."""
    found = datasets.find_dataset(connection, dataset)
    there = datasets.newest(connection, found.id)
    if there is None:
        raise EmptyDataset(f"the dataset '{found.name}' has no version yet: import one first")
    return there


def with_added(connection: Connection, deployment: str, base: DatasetVersion, members: Iterable[Member]) -> Became:
    """The labels of the version that will grow from `base`: also those that were added while reviewing and are said of images that enter."""
    names = became(connection, base)
    said = {annotation.label for one in members if one.outcome == "in" for annotation in one.annotations}
    added = deployments.get(connection, deployment).added_labels
    fresh = (label for label in added if label in said and label not in base.labels)
    return replace(names, labels=(*base.labels, *fresh))


def share_of_reviews(deployment: Deployment, loop: FeedbackLoop) -> float:
    """Of all reviews, those that become test images: random checks in scenes that are kept for testing."""
    return loop.test_share * habits_of(deployment.settings).random_share


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


def _differ(connection: Connection, newest: DatasetVersion, seen: str | None) -> bool:
    """Whether anything but reviews came since `seen`: then what is known of every image has to be asked again."""
    there = datasets.versions(connection, newest.dataset)
    before = next((one for one in there if one.id == seen), None)
    return before is None or any(
        one.origin != "feedback" or one.labels != before.labels for one in there if one.number > before.number
    )


def _reviewed(
    connection: Connection, said: Mapping[str, Sequence[Verdict]], before: Mapping[str, Member]
) -> list[Reviewed]:
    """The images with the verdict that decides about each, in the order of the last change of any of its verdicts."""
    lines = {
        line.id: line
        for line in predictions.several(connection, [one.prediction for found in said.values() for one in found])
    }
    here = assets.several(connection, list(said))
    checked = drawn_among(connection, list(lines))
    found: list[Reviewed] = []
    for asset, all_of_it in said.items():
        verdict, earlier = _deciding(all_of_it), before.get(asset)
        line = lines.get(verdict.prediction)
        if earlier is None and line is None:
            # Erased before anybody could follow: it never entered, and there is nothing to take back.
            continue
        found.append(
            Reviewed(
                verdict,
                all_of_it[-1].seq,
                scene_of(line) if line else asset,
                here[asset].fingerprint if asset in here else earlier.fingerprint if earlier else "",
                line.source if line else earlier.source if earlier else None,
                any(one.prediction in checked for one in all_of_it),
                asset in here,
            )
        )
    return sorted(found, key=lambda one: one.seq)


def _deciding(said: Sequence[Verdict]) -> Verdict:
    """Of several verdicts on one image, the last that says something of it."""
    saying = [verdict for verdict in said if verdict.status not in ("pending", "skipped")]
    return (saying or said)[-1]
