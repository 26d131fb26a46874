"""What the next dataset version will bring, before it is made: counts, labels, and what stays out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.loop import feedback_rows, store
from relens.loop.feedback import NoFeedbackLoop, Tally, newest_version, tally, with_added


@dataclass(frozen=True, slots=True)
class Preview:
    """`labels`: annotations that are new, by label; `nothing_here`: new images without any. `after` names the version it grows from.

    `new_labels`: those that the dataset learns with it.
    """

    after: str
    tally: Tally
    labels: dict[str, int]
    nothing_here: int
    new_labels: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """ "+184 images (36 kept for testing), 22 left out; labels: scratch 210, dent 33"."""
        new = self.tally.added + self.tally.kept_for_testing
        if not new and not self.tally.changed:
            return f"nothing is new since {self.after}"
        parts = [f"+{new:,} images ({self.tally.kept_for_testing:,} kept for testing)"]
        if self.tally.changed:
            parts.append(f"{self.tally.changed:,} changed")
        if self.tally.unusable:
            parts.append(f"{self.tally.unusable:,} unusable")
        if self.tally.skipped:
            parts.append(f"{self.tally.skipped:,} left out")
        named = [f"{label} {count:,}" for label, count in self.labels.items()]
        if self.nothing_here:
            named.append(f"nothing here {self.nothing_here:,}")
        fresh = f"; new: {', '.join(self.new_labels)}" if self.new_labels else ""
        return f"{', '.join(parts)}; labels: {', '.join(named) or 'none'}{fresh}"


def preview(connection: Connection, deployment: Deployment) -> Preview:
    """Raises NoFeedbackLoop or EmptyDataset."""
    loop = store.policies(connection, deployment.id).feedback
    if not loop.dataset:
        raise NoFeedbackLoop(f"'{deployment.name}' feeds no dataset yet: choose one in its feedback loop settings")
    labels: Counter[str] = Counter()
    nothing = 0
    base = newest_version(connection, loop.dataset)
    members = feedback_rows.members(connection, loop.dataset, deployment.id)
    names = with_added(connection, deployment.id, base, members.values())
    for member in members.values():
        if member.outcome == "in" and member.version is None:
            said = names.of(member.annotations, member.asset, member.source)
            labels.update(annotation.label for annotation in said)
            nothing += not said
    fresh = tuple(label for label in names.labels if label not in base.labels)
    return Preview(base.title, tally(connection, deployment.id, loop), dict(labels.most_common()), nothing, fresh)
